"""A Document to a model, or to diagnostics in the words of the person who wrote it."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Literal, TypeVar, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from benchmark_lab.diagnostics import Code, Diagnostic, nearest
from benchmark_lab.source.document import Document, Path, Value

M = TypeVar("M", bound=BaseModel)

_TYPES = {
    "string_type": "a text",
    "int_type": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "tuple_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
}
_BOUNDS = {
    "greater_than_equal": "at least {ge}",
    "less_than_equal": "at most {le}",
    "greater_than": "more than {gt}",
    "too_short": "a list of at least {min_length}",
    "string_too_short": "a text of at least {min_length} character",
    "string_too_long": "a text of at most {max_length} characters",
    "finite_number": "a finite number",
}
_RENAMED = {
    "hosts": "driver",
    "limits": "thresholds",
    "measure": "window",
    "promise": "objective",
    "version": "schema",
}
"""Today's key by an older one that is not near enough to it to be recognised."""


def read(
    document: Document, model: type[M], fallback: Mapping[str, Value] | None = None
) -> tuple[M | None, tuple[Diagnostic, ...]]:
    """Read a document as `model`, and say everything that is wrong with it.

    A model can come back next to problems: what was wrong is then left out, and `fallback` stands in for missing keys
    of the top, so that the parts that are right can be checked further in the same go.
    """
    result, errors = _validated(model, document.value)
    problems = (*document.problems, *(_diagnostic(document, model, found) for found in errors))
    rest = document.value
    while errors and isinstance(rest, dict):
        dropped = {_member(document, found) for found in errors}
        smaller = {**(fallback or {}), **_without(rest, dropped)}
        if smaller == rest:
            return None, problems
        rest = smaller
        result, errors = _validated(model, rest)
    return result, problems


def _validated(model: type[M], value: Value) -> tuple[M | None, list[ErrorDetails]]:
    try:
        return model.model_validate(value), []
    except ValidationError as error:
        return None, error.errors(include_url=False)


def _member(document: Document, error: ErrorDetails) -> Path:
    """Return the mapping's member to leave out: a list goes as a whole, so that indices stay right."""
    path = error["loc"]
    found = document.locate(path[:-1] if error["type"] == "missing" else path)
    return next((found[:depth] for depth, part in enumerate(found) if isinstance(part, int)), found)


def _without(mapping: dict[str, Value], dropped: Collection[Path], path: Path = ()) -> dict[str, Value]:
    members = ((key, (*path, key), member) for key, member in mapping.items())
    return {
        key: _without(member, dropped, at) if isinstance(member, dict) else member
        for key, at, member in members
        if at not in dropped
    }


def _diagnostic(document: Document, model: type[BaseModel], error: ErrorDetails) -> Diagnostic:
    path, kind, found, context = error["loc"], error["type"], error["input"], error.get("ctx", {})
    if kind.startswith("union_tag_"):
        # The union speaks of itself; the mistake lies in the key that chooses among its members.
        path = (*path, context["discriminator"].strip("'"))
        kind = "missing" if kind == "union_tag_not_found" else "literal_error"
        found, context = context.get("tag"), {"expected": context.get("expected_tags")}
    if kind == "missing":
        return _missing_key(document, path, _fields(model, path[:-1]))
    if kind == "extra_forbidden":
        return _unknown_key(document, path, _fields(model, path[:-1]))

    label = help_ = ""
    if kind in _TYPES:
        code, problem = Code.WRONG_TYPE, f"must be {_TYPES[kind]}"
        label = f"this is {_description(found)}"
        help_ = f'quote it: "{found}"' if kind == "string_type" and isinstance(found, int | float) else ""
    elif kind in _BOUNDS:
        code, problem = Code.OUT_OF_RANGE, f"must be {_BOUNDS[kind].format(**context)}"
    elif kind == "literal_error":
        choices = re.findall(r"'([^']*)'", context["expected"]) or [context["expected"]]
        code, problem = Code.OUT_OF_RANGE, f"must be {listing(choices, 'or')}"
        label = nearest(str(found), choices)
    elif kind == "value_error":
        code, problem = Code.MALFORMED, str(context["error"])
    else:
        code, problem = Code.MALFORMED, f"is refused: {error['msg']}"
    return Diagnostic(code, f"{_key(document, path)} {problem}", document.span(path), label, help_)


def _key(document: Document, path: Path) -> str:
    """Name what stands at `path`: the innermost key, as an item of a list has none."""
    keys = (f"`{part}`" for part in reversed(document.locate(path)) if isinstance(part, str))
    return next(keys, "the file")


def _description(value: object) -> str:
    match value:
        case None:
            return "nothing"
        case bool():
            return str(value).lower()
        case int() | float():
            return f"the number {value}"
        case str():
            return "a text"
        case dict():
            return "a mapping"
        case _:
            return "a list"


def _missing_key(document: Document, path: Path, fields: Mapping[str, FieldInfo]) -> Diagnostic:
    key = str(path[-1])
    meaning = (fields[key].description or "") if key in fields else ""
    return Diagnostic(Code.MISSING_KEY, f"`{key}` is missing", document.span(path[:-1]), help=meaning.split("\n")[0])


def _unknown_key(document: Document, path: Path, fields: Mapping[str, FieldInfo]) -> Diagnostic:
    key = str(path[-1])
    parent = document.locate(path[:-1])
    place = f"`{parent[-1]}`" if parent and isinstance(parent[-1], str) else "this mapping" if parent else "this file"
    message = f"unknown key `{key}` in {place}"
    allowed = "allowed keys: " + ", ".join(fields)
    today = _RENAMED.get(key)
    meant = f"did you mean `{today}`?" if today in fields else nearest(key, fields)
    return Diagnostic(Code.UNKNOWN_KEY, message, document.key_span(path), meant, allowed)


def _fields(model: type[BaseModel], path: Path) -> dict[str, FieldInfo]:
    """Return the fields, by the key that is written, of the model that `path` leads to."""
    models = [model]
    for part in path:
        fields = _by_key(models)
        if part in fields:
            models = _models_in(fields[str(part)].annotation)
        else:
            # An index, a free key, or the tag that chose among a union's members.
            models = [member for member in models if part in _tags(member)] or models
    return _by_key(models)


def _by_key(models: Collection[type[BaseModel]]) -> dict[str, FieldInfo]:
    return {field.alias or name: field for model in models for name, field in model.model_fields.items()}


def _models_in(annotation: object) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for argument in get_args(annotation) for model in _models_in(argument)]


def _tags(model: type[BaseModel]) -> set[object]:
    annotations = (field.annotation for field in model.model_fields.values())
    return {tag for annotation in annotations if get_origin(annotation) is Literal for tag in get_args(annotation)}


def listing(words: Collection[str], conjunction: str) -> str:
    """Write `a`, `b` or `c`."""
    quoted = [f"`{word}`" for word in words]
    return f" {conjunction} ".join(filter(None, [", ".join(quoted[:-1]), quoted[-1]]))
