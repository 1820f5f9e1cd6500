"""What all stored files have in common."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, model_validator

SCHEMA = 2

Scalar = str | int | float | bool


class Part(BaseModel):
    """A piece of a stored file: unknown keys are ignored, so that an older `lab` reads a newer bundle's extras."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class StoredFile(Part):
    """A stored file: carries its schema and refuses one that is newer than this program."""

    model_config = ConfigDict(frozen=True, extra="ignore", validate_by_name=True, serialize_by_alias=True)

    schema_version: int = Field(default=SCHEMA, alias="schema")

    @model_validator(mode="after")
    def _refuse_newer(self) -> StoredFile:
        if self.schema_version > SCHEMA:
            msg = f"written with schema {self.schema_version}; this lab reads up to {SCHEMA}: update it"
            raise ValueError(msg)
        return self
