"""The part of JSON Schema that the specification uses for inputs, as types."""

from __future__ import annotations

import json
import re
from typing import Annotated, Literal, NoReturn

from pydantic import BaseModel, ConfigDict, Field, JsonValue


class Described(BaseModel):
    """A piece of the OpenAPI document, of which only the keys that matter here are read."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Boolean(Described):
    """true or false."""

    type: Literal["boolean"]


class Integer(Described):
    """An integer; inputs without bounds are not part of the specification."""

    type: Literal["integer"]
    minimum: int
    maximum: int


class Number(Described):
    """Any number."""

    type: Literal["number"]
    minimum: float
    maximum: float


class String(Described):
    """A text; lengths are in characters, not bytes."""

    type: Literal["string"]
    min_length: int = Field(0, alias="minLength")
    max_length: int | None = Field(None, alias="maxLength")
    pattern: str | None = None


class Array(Described):
    """A list of one kind of items."""

    type: Literal["array"]
    items: Schema
    max_items: int | None = Field(None, alias="maxItems")


class Object(Described):
    """Members by name."""

    type: Literal["object"]
    properties: dict[str, Schema]
    required: tuple[str, ...] = ()


Schema = Annotated[Boolean | Integer | Number | String | Array | Object, Field(discriminator="type")]


def members(value: JsonValue) -> dict[str, JsonValue]:
    """The members of a JSON object."""
    if not isinstance(value, dict):
        raise TypeError(f"no JSON object: {value!r}")
    return value


def parse_json(content: bytes) -> JsonValue:
    """Parses what RFC 8259 calls JSON: UTF-8, and none of the `NaN` and `Infinity` that Python lets pass."""
    value: JsonValue = json.loads(content.decode("utf-8"), parse_constant=_refuse_constant)
    return value


def matches(pattern: str, text: str, flags: re.RegexFlag = re.NOFLAG) -> bool:
    """Whether an ECMA-262 pattern is found in the text: its `$` is the very end, unlike Python's."""
    return re.search(re.sub(r"\$$", r"\\Z", pattern), text, flags) is not None


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")
