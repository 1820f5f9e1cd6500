"""Turns a schema into inputs: valid ones, valid ones on a boundary, and ones that break exactly one rule."""

from __future__ import annotations

import random
import string
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import assert_never

from pydantic import JsonValue

from benchmark_lab.conformance.contract import ApiParameter
from benchmark_lab.conformance.schema import Array, Boolean, Integer, Number, Object, Schema, String, matches

_TEXT = string.ascii_letters + string.digits + " '\"\\/<>&%;+-_éßñ中文😀"
_BEYOND_16_BITS = "😀"
_USUAL_LENGTH = 24
_FEW_ITEMS = 3
_OTHER_JSON: dict[str, JsonValue] = {
    "digits in a string": "42",
    "a word": "true",
    "an integer": 1,
    "a fraction": 1.5,
    "a boolean": True,
    "null": None,
    "an array": [],
    "an object": {},
}
_FITTING = {
    "string": {"digits in a string", "a word"},
    "integer": {"an integer"},
    "number": {"an integer", "a fraction"},
    "boolean": {"a boolean"},
    "array": {"an array"},
    "object": {"an object"},
}
_NO_INTEGERS = {"a word": "abc", "a fraction": "1.5", "nothing": "", "null": "null", "digits and a letter": "7x"}


@dataclass(frozen=True, slots=True)
class BoundaryCase:
    """One input on a boundary, or one that is valid but for `rule` at `field` (dotted; empty for the whole of it)."""

    rule: str
    field: str
    value: JsonValue
    wrong_type: bool = False

    def inside(self, name: str, whole: JsonValue) -> BoundaryCase:
        """The same case, one level further out."""
        return replace(self, field=f"{name}.{self.field}" if self.field else name, value=whole)

    def __str__(self) -> str:
        return f"{self.field or 'the body'}: {self.rule}"


@dataclass(frozen=True, slots=True)
class Inputs:
    """Draws inputs from one random source."""

    random: random.Random

    def valid(self, schema: Schema) -> JsonValue:
        """A value that the schema allows, of modest size."""
        match schema:
            case Object():
                return self.members(schema)
            case Array():
                return [self.valid(schema.items) for _ in range(self.random.randint(0, _FEW_ITEMS))]
            case String():
                longest = min(_USUAL_LENGTH, schema.max_length or _USUAL_LENGTH)
                return self.text(schema, self.random.randint(longest // 2, longest))
            case Integer():
                return self.random.randint(schema.minimum, int(self._some_maximum(schema)))
            case Number():
                return round(self.random.uniform(schema.minimum, self._some_maximum(schema)), self.random.randint(2, 9))
            case Boolean():
                return self.random.choice((True, False))
            case _:
                assert_never(schema)

    def members(self, schema: Object) -> dict[str, JsonValue]:
        """A valid object."""
        return {name: self.valid(member) for name, member in schema.properties.items()}

    def text(self, schema: String, length: int) -> str:
        """A random text of this many characters; where there is a pattern, one that fits it by having one `@`."""
        if schema.pattern is None:
            return "".join(self.random.choices(_TEXT, k=length))
        text = "".join(self.random.choices(string.ascii_letters + string.digits, k=length))
        at = self.random.randint(1, length - 2)
        text = f"{text[:at]}@{text[at + 1 :]}"
        if not matches(schema.pattern, text):
            raise ValueError(f"no text can be drawn for the pattern {schema.pattern}")
        return text

    def edges(self, schema: Schema) -> Iterator[BoundaryCase]:
        """Values on each boundary, on its valid side."""
        match schema:
            case Object():
                for name, member in schema.properties.items():
                    yield from self._within(schema, name, self.edges(member))
            case Array():
                yield BoundaryCase("no items", "", [])
                if schema.max_items is not None:
                    yield BoundaryCase(f"{schema.max_items} items", "", self._items(schema, schema.max_items))
                for case in self.edges(schema.items):
                    yield case.inside("0", [case.value])
            case String():
                yield from self._text_edges(schema)
            case Integer() | Number():
                yield BoundaryCase("minimum", "", schema.minimum)
                yield BoundaryCase("maximum", "", schema.maximum)
            case Boolean():
                yield BoundaryCase("true", "", value=True)
                yield BoundaryCase("false", "", value=False)
            case _:
                assert_never(schema)

    def violations(self, schema: Schema) -> Iterator[BoundaryCase]:
        """Values that break one rule each: a type, a boundary, a pattern, a required member."""
        for name, value in _OTHER_JSON.items():
            if name not in _FITTING[schema.type]:
                yield BoundaryCase(f"{name} instead of {schema.type}", "", value, wrong_type=True)
        match schema:
            case Object():
                yield from self._object_violations(schema)
            case Array():
                if schema.max_items is not None:
                    yield BoundaryCase("too many items", "", self._items(schema, schema.max_items + 1))
                for case in self.violations(schema.items):
                    yield case.inside("0", [case.value])
            case String():
                yield from self._text_violations(schema)
            case Integer() | Number():
                yield from _range_violations(schema)
            case Boolean():
                pass
            case _:
                assert_never(schema)

    def parameter_edges(self, parameter: ApiParameter) -> Iterator[BoundaryCase]:
        """Texts of a parameter on each boundary, on its valid side."""
        for case in self.edges(parameter.value):
            yield BoundaryCase(case.rule, parameter.name, str(case.value))

    def parameter_violations(self, parameter: ApiParameter) -> Iterator[BoundaryCase]:
        """Texts that a path or query parameter must refuse; None means that it is left out."""
        if parameter.required and parameter.place == "query":
            yield BoundaryCase("missing", parameter.name, None)
        match parameter.value:
            case Integer() | Number() as schema:
                for case in _range_violations(schema):
                    yield BoundaryCase(case.rule, parameter.name, str(case.value))
                for name, text in _NO_INTEGERS.items():
                    # An empty path segment is another route.
                    if text or parameter.place == "query":
                        yield BoundaryCase(f"{name} instead of {schema.type}", parameter.name, text)
            case String() as schema:
                for case in self._text_violations(schema):
                    yield replace(case, field=parameter.name)
            case schema:
                raise TypeError(f"no parameter can be of type {schema.type}")

    def _some_maximum(self, schema: Integer | Number) -> float:
        """A bound of any magnitude: evenly spread draws would hardly ever be small."""
        return schema.minimum + (schema.maximum - schema.minimum) * 10 ** -self.random.uniform(0, 6)

    def _items(self, schema: Array, count: int) -> JsonValue:
        return [self.valid(schema.items) for _ in range(count)]

    def _within(self, schema: Object, name: str, cases: Iterator[BoundaryCase]) -> Iterator[BoundaryCase]:
        for case in cases:
            yield case.inside(name, self.members(schema) | {name: case.value})

    def _object_violations(self, schema: Object) -> Iterator[BoundaryCase]:
        for missing in schema.required:
            kept = {name: value for name, value in self.members(schema).items() if name != missing}
            yield BoundaryCase("missing", missing, kept)
        for name, member in schema.properties.items():
            yield from self._within(schema, name, self.violations(member))

    def _text_edges(self, schema: String) -> Iterator[BoundaryCase]:
        yield BoundaryCase("shortest", "", self.text(schema, schema.min_length))
        if schema.max_length is not None:
            yield BoundaryCase("longest", "", self.text(schema, schema.max_length))
            if schema.pattern is None:
                yield BoundaryCase("longest, beyond 16 bits", "", _BEYOND_16_BITS * schema.max_length)

    def _text_violations(self, schema: String) -> Iterator[BoundaryCase]:
        if schema.min_length > 0:
            yield BoundaryCase("empty", "", "")
        if schema.min_length > 1:
            yield BoundaryCase("too short", "", self.random.choice(string.ascii_letters) * (schema.min_length - 1))
        if schema.max_length is not None:
            yield BoundaryCase("too long", "", self.text(schema, schema.max_length + 1))
        if schema.pattern is not None:
            for name, text in _edits(self.text(schema, _USUAL_LENGTH)):
                if not matches(schema.pattern, text):
                    yield BoundaryCase(name, "", text)


def _range_violations(schema: Integer | Number) -> Iterator[BoundaryCase]:
    yield BoundaryCase("below minimum", "", schema.minimum - 1)
    yield BoundaryCase("above maximum", "", schema.maximum + 1)


def _edits(text: str) -> Iterator[tuple[str, str]]:
    """Small changes to a text that fits a pattern; most break it."""
    for at, mark in enumerate(text):
        if not mark.isalnum():
            yield f"without {mark}", text[:at] + text[at + 1 :]
            yield f"{mark} twice", text[:at] + mark + text[at:]
            yield f"nothing before {mark}", text[at:]
            yield f"nothing behind {mark}", text[: at + 1]
    yield "a space inside", f"{text[:2]} {text[2:]}"
    yield "a space in front", f" {text}"
    yield "a line end behind", f"{text}\n"
