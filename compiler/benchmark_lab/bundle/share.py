"""The share of a whole, which people write as a percentage or as a fraction, and `lab` keeps as a fraction of 1."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import BeforeValidator, WithJsonSchema

_PERCENTAGE = re.compile(r"(\d+(?:\.\d+)?) ?%")


def fraction(value: object) -> float:
    """Read a share such as `0.1%`, or a fraction from 0 to 1.

    Raises:
        ValueError: the value is no share; the message says what the value must be.
    """
    match value:
        case str() if found := _PERCENTAGE.fullmatch(value):
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
