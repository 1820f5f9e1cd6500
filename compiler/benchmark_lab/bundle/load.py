"""Loads: asked for, sought, and given to a trial."""

from __future__ import annotations

from typing import Literal

from benchmark_lab.bundle.file import Part

LoadModel = Literal["closed", "open"]


class Load(Part):
    """How much load a trial gets."""

    model: LoadModel
    vus: int
    """Closed: the virtual users. Open: the virtual users kept ready."""
    arrival_rate_rps: float | None = None
    arrivals: Literal["uniform", "poisson"] = "uniform"
    warmup_s: float
    window_s: float


class SoughtLoad(Part):
    """A load whose amount is found by probing before the rounds."""

    model: Literal["capacity", "equal-rate", "equal-utilisation", "slo-search"]
    """The best of a ladder of virtual users; an open rate made of such capacities; or a rate that keeps objectives."""

    @property
    def measured_as(self) -> LoadModel:
        """The model of its trials."""
        return "closed" if self.model == "capacity" else "open"


class Objective(Part):
    """An upper limit of a latency, which a search for the highest rate holds on to."""

    text: str
    """As the user wrote it."""
    metric: str
    """The percentile's metric, such as `latency_p99_ms`."""
    samples: int
    """Requests that the percentile needs before it is reported."""
    below: float
    """In milliseconds."""


class LoadAsked(Part):
    """The load that an experiment asks for; several steps are an axis of its cells."""

    model: Literal["closed", "open", "slo-search", "capacity-then-latency"]
    vus: tuple[int, ...] = ()
    """Closed: the steps. Capacity: the ladder; empty where it doubles."""
    arrival_rates_rps: tuple[float, ...] = ()
    """Open: the steps."""
    arrivals: Literal["uniform", "poisson"] = "uniform"
    objectives: tuple[Objective, ...] = ()
    warmup_s: float
    window_s: float
