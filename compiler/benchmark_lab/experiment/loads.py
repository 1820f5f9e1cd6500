"""The `load` key: how much load each trial gets."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from benchmark_lab.source.quantity import Duration
from benchmark_lab.source.shape import OneOrMany, Written


def _a_window(seconds: float) -> float:
    if not 1 <= seconds <= 3600:  # noqa: PLR2004  # k6 runs nothing shorter than a second
        raise ValueError("must be 1s to 1h")
    return seconds


Window = Annotated[Duration, AfterValidator(_a_window)]
VirtualUsers = Annotated[int, Field(ge=1, le=100_000)]
Rate = Annotated[int, Field(ge=1, le=1_000_000)]


class _Timed(Written):
    warmup: Window = 5.0
    """How long the load runs before it counts, in a k6 process of its own."""
    measure: Window = 20.0
    """How long the measured window is."""


class ClosedLoad(_Timed):
    """Virtual users that wait for an answer before they ask again: for capacity."""

    model: Literal["closed"]
    vus: OneOrMany[VirtualUsers]
    """Virtual users; several are a ladder."""


class OpenLoad(_Timed):
    """Requests at a rate that does not wait for answers: for latency."""

    model: Literal["open"]
    rate: OneOrMany[Rate]
    """Requests a second; several are measured one after the other."""
    vus: VirtualUsers | None = None
    """Virtual users kept ready; by default a quarter of the rate, from 20 to 1,000."""
    arrivals: Literal["uniform", "poisson"] = "uniform"
    """How requests are spaced: evenly, or as independent users would."""


class SloSearch(_Timed):
    """The highest rate at which a promise is kept."""

    model: Literal["slo-search"]
    promise: OneOrMany[str]
    """What must hold, such as `p99 < 50ms`."""


class CapacityThenLatency(_Timed):
    """The best of a ladder of virtual users, then latency at an equal rate and at equal utilisation."""

    model: Literal["capacity-then-latency"]
    vus: OneOrMany[VirtualUsers] | None = None
    """The ladder's steps."""


AnyLoad = Annotated[ClosedLoad | OpenLoad | SloSearch | CapacityThenLatency, Field(discriminator="model")]
