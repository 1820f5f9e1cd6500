"""The reference of a file that people write, as Markdown, from the file's JSON schema."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Schema = Mapping[str, Any]
_REF = "#/definitions/"


def reference(schema: Schema) -> str:
    """Return a section for the file, and one for each kind of mapping in it, with a table of the keys."""
    definitions: Schema = schema["definitions"]
    sections = [f"## {_heading(schema['title'])}\n\n{_section(schema)}"]
    sections += [f"### {name}\n\n{_section(definitions[name])}" for name in _mentioned(schema, definitions)]
    return "\n".join(sections)


def _heading(title: str) -> str:
    return f"The {title}'s keys"


def _section(of: Schema) -> str:
    if "properties" not in of:
        return f"{of.get('description', '')}\n\nA value: {_type(of)}.\n".lstrip()
    required = of.get("required", ())
    rows = [
        f"| `{key}` | {_type(each)} | {_default(key, each, required)} | {_meaning(each)} |"
        for key, each in of["properties"].items()
    ]
    table = ["| key | value | if left out | meaning |", "|---|---|---|---|", *rows]
    return "\n".join([of.get("description", ""), "", *table, ""]).lstrip()


def _mentioned(schema: Schema, definitions: Schema) -> Iterator[str]:
    """The definitions in the order in which a reader comes to them."""
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


def _type(of: Schema) -> str:
    """What may stand there, in words."""
    match of:
        case {"$ref": ref}:
            name = str(ref).removeprefix(_REF)
            return f"[{name}](#{name.lower()})"
        case {"allOf": [only]}:
            return _type(only)
        case {"const": value}:
            return f"`{value}`"
        case {"enum": values}:
            return ", ".join(f"`{value}`" for value in values)
        case {"anyOf": choices} | {"oneOf": choices}:
            return " or ".join(dict.fromkeys(map(_type, choices)))
        case {"type": "array", "items": items}:
            return f"list of {_type(items)}"
        case {"type": "array"}:
            return "list"
        case {"type": "object", "additionalProperties": dict(values)}:
            return f"mapping to {_type(values)}"
        case {"type": [*kinds]}:
            return " or ".join(map(str, kinds))
        case {"type": "integer" | "number" as kind}:
            return f"{kind}{_bounds(of)}"
        case {"examples": [example, *_]}:
            return f"text such as `{example}`"
        case {"type": "string"}:
            return "text"
        case {"type": "object"}:
            return "mapping"
        case {"type": kind}:
            return str(kind)
        case _:
            return "anything"


def _bounds(of: Schema) -> str:
    low, high = of.get("minimum"), of.get("maximum")
    if low is not None and high is not None:
        return f" from {low} to {high}"
    if low is not None:
        return f" of at least {low}"
    if (above := of.get("exclusiveMinimum")) is not None:
        return f" above {above}"
    return f" of at most {high}" if high is not None else ""


def _default(key: str, of: Schema, required: object) -> str:
    if isinstance(required, list | tuple) and key in required:
        return "required"
    default = of.get("default")
    return "" if default is None else f"`{str(default).lower() if isinstance(default, bool) else default}`"


def _meaning(of: Schema) -> str:
    return " ".join(str(of.get("description", "")).split()).replace("|", "\\|")
