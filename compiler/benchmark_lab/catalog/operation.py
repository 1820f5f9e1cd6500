"""The shape of `spec/openapi.yaml` as far as planning reads it: the API's operations, each with its `x-lab`."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from benchmark_lab.bundle import BundledOperation
from benchmark_lab.source.shape import SnakeName, Written


class DeclaredOperation(BundledOperation, Written):
    """The `x-lab` of an operation, as people write it."""

    effects: dict[SnakeName, Annotated[int, Field(ge=1)]] = {}
    """The rows that a successful request adds, by table; SQL takes each name as it is written."""

    @model_validator(mode="after")
    def _adds_to_what_it_uses(self) -> Self:
        if self.effects and "database" not in self.uses:
            raise ValueError("must have `database` among its uses where it has effects")
        return self


class _Described(BaseModel):
    """A mapping of the OpenAPI document, whose other keys are not planning's to check."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True, use_attribute_docstrings=True)


class DescribedOperation(_Described):
    """One method of a path."""

    id: str = Field(alias="operationId")
    """The name by which scenarios call the operation."""
    declared: DeclaredOperation = Field(alias="x-lab")
    """Needs of the operation's requests, such as `{uses: [database], effects: {users: 1}}`; `{uses: []}` for none."""


class PathItem(_Described):
    """One path: an operation by method."""

    get: DescribedOperation | None = None
    put: DescribedOperation | None = None
    post: DescribedOperation | None = None
    delete: DescribedOperation | None = None
    options: DescribedOperation | None = None
    head: DescribedOperation | None = None
    patch: DescribedOperation | None = None
    trace: DescribedOperation | None = None


class Api(_Described):
    """The OpenAPI document."""

    paths: dict[str, PathItem]
    """The API's paths."""

    @model_validator(mode="after")
    def _names_each_operation_once(self) -> Self:
        ids = [described.id for path in self.paths.values() for _, described in path if described is not None]
        if repeated := sorted({name for name in ids if ids.count(name) > 1}):
            raise ValueError(f"must name each operation once: {repeated[0]} is there twice")
        return self

    @property
    def operations(self) -> dict[str, DeclaredOperation]:
        """Return every operation by its operationId."""
        items = (described for path in self.paths.values() for _, described in path if described is not None)
        return {described.id: described.declared for described in items}
