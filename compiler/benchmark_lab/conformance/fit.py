"""Whether the specification allows an input, forbids it, or leaves it to the server."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from typing import Literal, assert_never

from pydantic import JsonValue

from benchmark_lab.conformance.schema import Array, Boolean, Integer, Number, Object, Schema, String, matches

Fit = Literal["valid", "open", "invalid"]

_CANONICAL = re.compile(r"0|-?[1-9][0-9]*", re.ASCII)
_BLANK_TO_ECMA_ONLY = "\ufeff"


def fit(schema: Schema, value: JsonValue) -> Fit:
    """How a JSON value fits; `3.0` for an integer is open, since JSON Schema and some languages' types differ on it."""
    match schema:
        case Object():
            return _object_fit(schema, value)
        case Array():
            if not isinstance(value, list) or (schema.max_items is not None and len(value) > schema.max_items):
                return "invalid"
            return worst(fit(schema.items, item) for item in value)
        case String():
            return text_fit(schema, value) if isinstance(value, str) else "invalid"
        case Integer() | Number():
            return _number_fit(schema, value)
        case Boolean():
            return "valid" if isinstance(value, bool) else "invalid"
        case _:
            assert_never(schema)


def text_fit(schema: Schema, text: str) -> Fit:
    """How the text of a string, or of a parameter, fits; another notation of an integer, such as `01`, is open."""
    match schema:
        case String():
            longest = len(text) if schema.max_length is None else schema.max_length
            if not schema.min_length <= len(text) <= longest:
                return "invalid"
            return _pattern_fit(schema.pattern, text) if schema.pattern else "valid"
        case Integer():
            try:
                number = Decimal(text)
            except InvalidOperation:
                return "invalid"
            if not number.is_finite() or not schema.minimum <= number <= schema.maximum or number % 1:
                return "invalid"
            return "valid" if _CANONICAL.fullmatch(text) else "open"
        case _:
            raise TypeError(f"no parameter can be of type {schema.type}")


def worst(fits: Iterable[Fit]) -> Fit:
    """How the whole fits whose parts fit like this."""
    found = set(fits)
    if "invalid" in found:
        return "invalid"
    return "open" if "open" in found else "valid"


def _object_fit(schema: Object, value: JsonValue) -> Fit:
    if not isinstance(value, dict) or not value.keys() >= set(schema.required):
        return "invalid"
    return worst(fit(member, value[name]) for name, member in schema.properties.items() if name in value)


def _number_fit(schema: Integer | Number, value: JsonValue) -> Fit:
    if isinstance(value, bool) or not isinstance(value, int | float) or not schema.minimum <= value <= schema.maximum:
        return "invalid"
    if isinstance(schema, Number) or isinstance(value, int):
        return "valid"
    return "open" if value.is_integer() else "invalid"


def _pattern_fit(pattern: str, text: str) -> Fit:
    r"""Engines of regular expressions agree on ASCII; which other characters `\s` matches is open."""
    narrow = matches(pattern, text, re.ASCII)
    wide = matches(pattern, text.replace(_BLANK_TO_ECMA_ONLY, " "))
    if narrow != wide:
        return "open"
    return "valid" if narrow else "invalid"
