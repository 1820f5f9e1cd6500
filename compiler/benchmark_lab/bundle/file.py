"""The common parts of all stored files."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, field_validator

SCHEMA = 2
"""Schema of every stored file. Files that people write have schemas of their own."""

Scalar = str | int | float | bool


class Part(BaseModel):
    """A piece of a stored file: unknown keys are ignored, so that an older `lab` reads a newer bundle's extras."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class StoredFile(Part):
    """A stored file, which carries its schema and refuses any schema but this program's."""

    model_config = ConfigDict(frozen=True, extra="ignore", validate_by_name=True, serialize_by_alias=True)

    schema_version: int = Field(default=SCHEMA, alias="schema")

    @field_validator("schema_version")
    @classmethod
    def _refuse_others(cls, schema: int) -> int:
        if problem := schema_problem(schema):
            raise ValueError(problem)
        return schema


def schema_problem(schema: int) -> str:
    """Say why this program cannot read a file stored with a schema; empty if the program can."""
    if schema > SCHEMA:
        return f"written with schema {schema}; this lab reads schema {SCHEMA}: update it"
    if schema < SCHEMA:
        return f"written with schema {schema}; this lab reads schema {SCHEMA}: measure again, or use an older lab"
    return ""
