"""Texts with units to numbers: durations to seconds, shares to fractions of 1."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import BeforeValidator, WithJsonSchema

_DURATION = re.compile(r"(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+(?:\.\d+)?)s)?(?:(\d+)ms)?")
_SHARE = re.compile(r"(\d+(?:\.\d+)?) ?%")
DURATION_PATTERN = r"^(?=\d)(\d+h)?(\d+m)?(\d+(\.\d+)?s)?(\d+ms)?$"


def seconds(value: object) -> float:
    """Read a duration such as `5s`, `1m30s` or `500ms`; ValueError says what it must be."""
    match = _DURATION.fullmatch(value) if isinstance(value, str) and value else None
    if match is None:
        raise ValueError("must be a duration such as 5s, 1m30s or 500ms")
    hours, minutes, whole_seconds, milliseconds = (float(part or 0) for part in match.groups())
    return hours * 3600 + minutes * 60 + whole_seconds + milliseconds / 1000


def fraction(value: object) -> float:
    """Read a share such as `0.1%`, or a fraction from 0 to 1; ValueError says what it must be."""
    match value:
        case str() if found := _SHARE.fullmatch(value):
            share = float(found[1]) / 100
        case bool():
            share = -1.0
        case int() | float():
            share = float(value)
        case _:
            share = -1.0
    if not 0 <= share <= 1:
        raise ValueError("must be a share such as 3% or 0.03, from 0 to 1")
    return share


def duration_text(seconds_: float) -> str:
    """Write a duration the way it is read: `5s`, `1500ms`, `1h2m`."""
    milliseconds = round(seconds_ * 1000)
    if milliseconds % 1000:
        return f"{milliseconds}ms"
    minutes, rest = divmod(milliseconds // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    parts = ((hours, "h"), (minutes, "m"), (rest, "s"))
    return "".join(f"{number}{unit}" for number, unit in parts if number) or "0s"


def counted(number: int, noun: str) -> str:
    """Write `1 cell`, `2 cells`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


Duration = Annotated[
    float,
    BeforeValidator(seconds),
    WithJsonSchema({"type": "string", "pattern": DURATION_PATTERN, "examples": ["5s", "1m30s", "500ms"]}),
]
Share = Annotated[
    float,
    BeforeValidator(fraction),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "pattern": r"^\d+(\.\d+)? ?%$"},
                {"type": "number", "minimum": 0, "maximum": 1},
            ],
            "examples": ["3%", "0.1%"],
        }
    ),
]
