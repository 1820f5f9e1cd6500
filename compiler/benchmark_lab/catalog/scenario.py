"""The shape of `scenarios/NN-name.yaml`: what one k6 workload measures and how it can be varied."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from benchmark_lab.catalog.parameter import Parameter
from benchmark_lab.source.shape import SnakeName, Written


class Work(Written):
    """What a request does more of as one of the scenario's parameters grows."""

    parameter: SnakeName
    """Counts the pieces of work in a request."""
    unit: str
    """One piece, in the singular."""
    whole: bool
    """Whether the pieces are all that a request does, so that one without any costs nothing."""
    generator_cpu_us: Annotated[float, Field(ge=0)] = 0
    """CPU time that a piece costs k6 at most, beside what any request does; sizes the load hosts."""


class Scenario(Written):
    """One k6 workload; the script lies beside the manifest."""

    schema_version: Annotated[Literal[1], Field(alias="schema")]
    title: str
    measures: str
    """One sentence: what the numbers say."""
    bottleneck: str
    """One sentence: the limit that the workload looks for."""
    endpoints: Annotated[tuple[str, ...], Field(min_length=1)]
    """The operationIds of `spec/openapi.yaml` that it calls."""
    pgbench: str | None = None
    """The file beside it with its statements, for pgbench, if it is the database that it is about."""
    writes: bool
    """Whether it changes the database, which is then reset before each trial."""
    relative_cost: Annotated[float, Field(ge=1)] = 1
    """What a request costs the server at least, in requests of 01-lightweight, as measured; sizes the load hosts.

    Where its work is all that a request does, this is the cost of one with the fewest pieces.
    """
    work: Work | None = None
    """What results tell the CPU time of, piece by piece."""
    parameters: dict[SnakeName, Parameter] = {}

    @model_validator(mode="after")
    def _work_is_counted(self) -> Self:
        if self.work is None:
            return self
        parameter = self.parameters.get(self.work.parameter)
        if parameter is None or parameter.type not in {"integer", "number"}:
            raise ValueError(f"must count its work by a parameter that is a number, which {self.work.parameter} is not")
        if self.work.whole and not (parameter.min and parameter.min > 0):
            raise ValueError(f"must have a min above 0 for {self.work.parameter}, since a request is nothing else")
        return self
