"""A model to a JSON schema that editors understand: draft-07, with `definitions` and without 2020-12's keywords."""

from __future__ import annotations

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaValue

_DRAFT = "http://json-schema.org/draft-07/schema#"


def editor_schema(model: type[BaseModel], title: str) -> JsonSchemaValue:
    """Return the draft-07 schema of the files that `model` reads."""
    schema = model.model_json_schema(ref_template="#/definitions/{model}")
    definitions = schema.pop("$defs", {})
    head: JsonSchemaValue = {"$schema": _DRAFT, "title": title}
    return head | _simplified(schema) | {"definitions": _each_simplified(definitions)}


def _simplified(schema: JsonSchemaValue) -> JsonSchemaValue:
    """Drop what only clutters, and wrap a `$ref` that has company: draft-07 ignores a reference's neighbours."""
    kept: JsonSchemaValue = {key: _inner(key, value) for key, value in schema.items() if not _is_clutter(key, value)}
    if "anyOf" in kept:
        # Leaving a key out is how people write null.
        choices = kept["anyOf"] = [choice for choice in kept["anyOf"] if choice != {"type": "null"}]
        if len(choices) == 1:
            del kept["anyOf"]
            kept |= choices[0]
    if "$ref" in kept and len(kept) > 1:
        kept["allOf"] = [{"$ref": kept.pop("$ref")}]
    return kept


def _inner(key: str, value: object) -> object:
    match value:
        case dict():
            return _each_simplified(value) if key in ("properties", "patternProperties") else _simplified(value)
        case list():
            return [_inner(key, item) for item in value]
        case _:
            return value


def _each_simplified(schemas: JsonSchemaValue) -> JsonSchemaValue:
    return {name: _simplified(schema) for name, schema in schemas.items()}


def _is_clutter(key: str, value: object) -> bool:
    # `title` repeats the key in other letters, `discriminator` is OpenAPI's, a default of nothing says nothing.
    return key in ("title", "discriminator") or (key == "default" and (value is None or isinstance(value, list | dict)))
