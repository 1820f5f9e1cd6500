"""What the models of all written files share: strictness, a single value where a list may stand, plain scalars."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    PlainValidator,
    WithJsonSchema,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from benchmark_lab.bundle import Scalar

T = TypeVar("T")


class Written(BaseModel):
    """A mapping that people write: an unknown key and a value of another type are mistakes."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        allow_inf_nan=False,
        arbitrary_types_allowed=True,
        use_attribute_docstrings=True,
    )


@dataclass(frozen=True, slots=True)
class _SingleAllowed:
    """Tells editors that one value may stand for a list of one."""

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        listed = {**handler(schema), "minItems": 1}
        return {"anyOf": [listed["items"], listed]}


def _listed(value: object) -> tuple[object, ...]:
    if value == ():
        raise ValueError("must hold at least one value")
    return value if isinstance(value, tuple) else (value,)


OneOrMany = Annotated[tuple[T, ...], BeforeValidator(_listed), _SingleAllowed()]


def _plain(value: object) -> Scalar:
    if not isinstance(value, str | int | float | bool):
        raise ValueError("must be a text, a number or true/false")  # noqa: TRY004  # pydantic's way to refuse
    return value


def _number(value: object) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("must be a number")  # noqa: TRY004  # pydantic's way to refuse
    return value


CpuCount = Annotated[int, Field(ge=1, le=1024)]
PlainNumber = Annotated[int | float, PlainValidator(_number), WithJsonSchema({"type": "number"})]
PlainScalar = Annotated[
    Scalar,
    PlainValidator(_plain),
    WithJsonSchema({"type": ["string", "number", "boolean"]}),
]


@dataclass(frozen=True, slots=True)
class _Spelling:
    """Texts that match a pattern; people are told in words, editors by the pattern."""

    pattern: str
    words: str

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self._check, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {**handler(schema), "pattern": f"^{self.pattern}$"}

    def _check(self, text: str) -> str:
        if not re.fullmatch(self.pattern, text):
            raise ValueError(f"must be spelled in {self.words}")
        return text


Slug = Annotated[
    str,
    _Spelling(r"[a-z0-9]+(-[a-z0-9]+)*", "lower-case letters, digits and single dashes, such as `workers-sweep`"),
]
SnakeName = Annotated[
    str, _Spelling(r"[a-z][a-z0-9_]*", "lower-case letters, digits and underscores, such as `page_size`")
]
VariableName = Annotated[
    str, _Spelling(r"[A-Za-z_][A-Za-z0-9_]*", "letters, digits and underscores, such as `PAGE_SIZE`")
]
ProgramName = Annotated[
    str, _Spelling(r"[A-Za-z0-9_.+-]+", "letters, digits, dots, dashes, underscores and `+`, such as `cargo`")
]
PackageName = Annotated[
    str, _Spelling(r"[a-z0-9][a-z0-9.+-]+", "lower-case letters, digits, dots, dashes and `+`, such as `python3-venv`")
]
FolderPath = Annotated[
    str,
    _Spelling(
        r"\.?[A-Za-z0-9_+-][A-Za-z0-9_.+-]*(/\.?[A-Za-z0-9_+-][A-Za-z0-9_.+-]*)*",
        "names of folders with slashes between them, such as `node_modules/.bin`",
    ),
]
NamePrefix = Annotated[
    str, _Spelling(r"([a-z0-9]+-)+", "lower-case letters and digits with a dash behind, such as `typescript-`")
]
