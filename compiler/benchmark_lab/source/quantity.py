"""Texts with units to numbers: durations to seconds."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import BeforeValidator, WithJsonSchema

_DURATION = re.compile(r"(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+(?:\.\d+)?)s)?(?:(\d+)ms)?")
DURATION_PATTERN = r"^(?=\d)(\d+h)?(\d+m)?(\d+(\.\d+)?s)?(\d+ms)?$"


def seconds(value: object) -> float:
    """Read a duration such as `5s`, `1m30s` or `500ms`; ValueError says what it must be."""
    match = _DURATION.fullmatch(value) if isinstance(value, str) and value else None
    if match is None:
        raise ValueError("must be a duration such as 5s, 1m30s or 500ms")
    hours, minutes, whole_seconds, milliseconds = (float(part or 0) for part in match.groups())
    return hours * 3600 + minutes * 60 + whole_seconds + milliseconds / 1000


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
