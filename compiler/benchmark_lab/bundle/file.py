"""What all stored files have in common."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, field_validator

SCHEMA = 2
"""The schema of every stored file. What people write has schemas of its own."""

Scalar = str | int | float | bool


class Part(BaseModel):
    """A piece of a stored file: unknown keys are ignored, so that an older `lab` reads a newer bundle's extras."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class StoredFile(Part):
    """A stored file: carries its schema and refuses any other than this program's."""

    model_config = ConfigDict(frozen=True, extra="ignore", validate_by_name=True, serialize_by_alias=True)

    schema_version: int = Field(default=SCHEMA, alias="schema")

    @field_validator("schema_version")
    @classmethod
    def _refuse_others(cls, schema: int) -> int:
        if problem := schema_problem(schema):
            raise ValueError(problem)
        return schema


def schema_problem(schema: int) -> str:
    """Say why this program cannot read what was stored with a schema; empty if it can."""
    if schema > SCHEMA:
        return f"written with schema {schema}; this lab reads schema {SCHEMA}: update it"
    if schema < SCHEMA:
        return f"written with schema {schema}; this lab reads schema {SCHEMA}: measure again, or use an older lab"
    return ""
