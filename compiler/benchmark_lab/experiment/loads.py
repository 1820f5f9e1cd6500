"""The `load` key: how much load each trial gets."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, PlainValidator, WithJsonSchema

from benchmark_lab.bundle import Objective
from benchmark_lab.judge.metrics import PERCENTILES
from benchmark_lab.source.quantity import Duration, seconds
from benchmark_lab.source.shape import OneOrMany, Written


def _a_window(length: float) -> float:
    if not 1 <= length <= 3600:  # noqa: PLR2004  # k6 runs nothing shorter than a second
        raise ValueError("must be 1s to 1h")
    return length


Window = Annotated[Duration, AfterValidator(_a_window)]
VirtualUsers = Annotated[int, Field(ge=1, le=100_000)]
Rate = Annotated[int, Field(ge=1, le=1_000_000)]


_NAMES = "|".join(map(re.escape, PERCENTILES))
_OBJECTIVE = re.compile(rf"({_NAMES}) ?< ?(\S+)")


def _an_objective(value: object) -> Objective:
    found = _OBJECTIVE.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError("must be a percentile below a duration, such as `p99 < 50ms`")
    metric = PERCENTILES[found[1]]
    return Objective(text=found[0], metric=metric.name, samples=metric.samples, below=seconds(found[2]) * 1000)


ObjectiveText = Annotated[
    Objective,
    PlainValidator(_an_objective),
    WithJsonSchema({"type": "string", "pattern": rf"^({_NAMES}) ?< ?\S+$", "examples": ["p99 < 50ms"]}),
]


class _Timed(Written):
    warmup: Window = 5.0
    """How long the load runs before it counts, in a k6 process of its own."""
    window: Window = 20.0
    """How long the measured window is."""


class ClosedLoad(_Timed):
    """Virtual users that wait for an answer before they ask again: for capacity."""

    model: Literal["closed"]
    vus: OneOrMany[VirtualUsers]
    """Virtual users; several are a ladder."""


class _Arriving(_Timed):
    arrivals: Literal["uniform", "poisson"] = "uniform"
    """How open load is spaced: evenly, or as independent users would."""


class OpenLoad(_Arriving):
    """Requests at a rate that does not wait for answers: for latency."""

    model: Literal["open"]
    rate: OneOrMany[Rate]
    """Requests a second; several are measured one after the other."""
    vus: VirtualUsers | None = None
    """Virtual users kept ready; by default a quarter of the rate, from 20 to 1,000."""


class SloSearch(_Arriving):
    """The highest rate at which an objective is kept."""

    model: Literal["slo-search"]
    objective: OneOrMany[ObjectiveText]
    """What must hold, such as `p99 < 50ms`; the share of errors is a limit."""


class CapacityThenLatency(_Arriving):
    """The best of a ladder of virtual users, then latency at an equal rate and at equal utilisation."""

    model: Literal["capacity-then-latency"]
    vus: OneOrMany[VirtualUsers] = ()
    """The ladder's steps; by default 8, doubled until the gain is under 3 %."""


AnyLoad = Annotated[ClosedLoad | OpenLoad | SloSearch | CapacityThenLatency, Field(discriminator="model")]
