"""The shape of `scenarios/NN-name.yaml`: what one k6 workload measures and how it can be varied."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from benchmark_lab.catalog.parameter import Parameter
from benchmark_lab.source.shape import SnakeName, Written


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
    """What a request costs the server at least, in requests of 01-lightweight, as measured; sizes the load boxes."""
    parameters: dict[SnakeName, Parameter] = {}
