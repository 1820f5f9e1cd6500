"""Writes the reference of a file that people write, as Markdown, from the file's JSON schema."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

JsonSchema = Mapping[str, Any]
_REF = "#/definitions/"


def reference(schema: JsonSchema) -> str:
    """Return a section for the file, and one for each kind of mapping in the file, with a table of the keys."""
    definitions: JsonSchema = schema["definitions"]
    sections = [f"## The {schema['title']}'s keys\n\n{_section(schema, definitions)}"]
    sections += [
        f"### {name}\n\n{_section(definitions[name], definitions)}" for name in _mentioned(schema, definitions)
    ]
    return "\n".join(sections)


def _section(of: JsonSchema, definitions: JsonSchema) -> str:
    if "properties" not in of:
        return f"{of.get('description', '')}\n\nA value: {_type(of)}.\n".lstrip()
    required = of.get("required", ())
    rows = [
        f"| `{key}` | {_type(each)} | {_default(key, each, required)} | {_meaning(each, definitions)} |"
        for key, each in of["properties"].items()
    ]
    table = ["| key | value | if left out | meaning |", "|---|---|---|---|", *rows]
    return "\n".join([of.get("description", ""), "", *table, ""]).lstrip()


def _mentioned(schema: JsonSchema, definitions: JsonSchema) -> Iterator[str]:
    """Yield the names of the definitions in the order in which a reader comes to the definitions."""
    found: dict[str, None] = {}

    def look(value: object) -> None:
        if isinstance(value, Mapping):
            name = str(value.get("$ref", "")).removeprefix(_REF)
            if name and name not in found:
                found[name] = None
                look(definitions[name])
            for key, inner in value.items():
                if key != "definitions":
                    look(inner)
        elif isinstance(value, list):
            for inner in value:
                look(inner)

    look(schema)
    yield from found


def _type(of: JsonSchema) -> str:
    """Return in words which values the schema allows."""
    match of:
        case {"$ref": ref}:
            name = str(ref).removeprefix(_REF)
            return f"[{name}](#{name.lower()})"
        case {"allOf": [only]}:
            return _type(only)
        case {"anyOf": [one, {"type": "array", "items": items}]} if _type(one) == _type(items):
            return f"{_type(one)}; or a list of such"
        case {"anyOf": choices} | {"oneOf": choices}:
            return " or ".join(dict.fromkeys(map(_type, choices)))
        case _:
            return _of_one_kind(of)


def _of_one_kind(of: JsonSchema) -> str:
    kinds = {"string": "text", "object": "mapping", "array": "list"}
    match of:
        case {"const": value}:
            words = f"`{value}`"
        case {"enum": values}:
            words = ", ".join(f"`{value}`" for value in values)
        case {"type": "array", "items": items}:
            words = f"list of {_type(items)}"
        case {"type": "object", "additionalProperties": dict(values)}:
            words = f"mapping to {_type(values)}"
        case {"type": [*several]}:
            words = " or ".join(kinds.get(kind, kind) for kind in several)
        case {"type": "integer" | "number" as kind}:
            words = f"{kind}{_bounds(of)}"
        case {"examples": [example, *_]}:
            words = f"text such as `{example}`"
        case _:
            words = kinds.get(of.get("type", ""), str(of.get("type", "anything")))
    return words


def _bounds(of: JsonSchema) -> str:
    low, high = of.get("minimum"), of.get("maximum")
    if low is not None and high is not None:
        return f" from {low} to {high}"
    if low is not None:
        return f" of at least {low}"
    if (above := of.get("exclusiveMinimum")) is not None:
        return f" above {above}"
    return f" of at most {high}" if high is not None else ""


def _default(key: str, of: JsonSchema, required: object) -> str:
    if isinstance(required, list | tuple) and key in required:
        return "required"
    match of:
        case {"default": bool(value)}:
            return f"`{str(value).lower()}`"
        case {"default": float(value), "examples": [str(example), *_]}:
            return f"`{value:g}s`" if example.endswith("s") else f"`{value * 100:g}%`"
        case {"default": value}:
            return f"`{value}`"
        case _:
            return ""


def _meaning(of: JsonSchema, definitions: JsonSchema) -> str:
    """Return what a key is for, in one line.

    A key without a description of its own gets the description of the definition that the key refers to.
    """
    known = {"description": "", **of}
    if not known["description"] and "$ref" in of:
        known = definitions[str(of["$ref"]).removeprefix(_REF)]
    return " ".join(str(known.get("description", "")).split()).replace("|", "\\|")
