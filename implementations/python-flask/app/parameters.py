"""Types of path and query parameters that several routes take."""

import re
from typing import Annotated

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

INTEGER = re.compile("-?[0-9]+")


def integer_literal(value: object) -> object:
    """Refuses what pydantic would read as an integer in text although it is none: `1.0`, `+1`, ` 1`, `1_000`."""
    if isinstance(value, str) and not INTEGER.fullmatch(value):
        raise PydanticCustomError("int_parsing", "Input should be a valid integer")
    return value


Integer = Annotated[int, BeforeValidator(integer_literal)]
