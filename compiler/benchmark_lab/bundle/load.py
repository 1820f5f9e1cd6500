"""The loads that an experiment asks for, that `lab` seeks, and that a trial gets."""

from __future__ import annotations

from typing import Literal

from benchmark_lab.bundle.file import Part

LoadModel = Literal["closed", "open"]


class Load(Part):
    """The amount of load that a trial gets."""

    model: LoadModel
    vus: int
    """Number of virtual users under closed load; number of virtual users kept ready under open load."""
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
        """Return the load model of the trials that get the load."""
        return "closed" if self.model == "capacity" else "open"


class Objective(Part):
    """An upper limit of a latency, which a search for the highest rate keeps."""

    text: str
    """Objective as the user wrote the objective."""
    metric: str
    """The percentile's metric, such as `latency_p99_ms`."""
    samples: int
    """Requests that the percentile needs before it is reported."""
    below: float
    """Milliseconds that the percentile must stay below."""


class LoadAsked(Part):
    """The load that an experiment asks for; several steps are an axis of its cells."""

    model: Literal["closed", "open", "slo-search", "capacity-then-latency"]
    vus: tuple[int, ...] = ()
    """Closed: the steps of virtual users. Capacity: the ladder of virtual users; empty where the ladder doubles."""
    arrival_rates_rps: tuple[float, ...] = ()
    """Open: the steps of the arrival rate, in requests a second."""
    arrivals: Literal["uniform", "poisson"] = "uniform"
    objectives: tuple[Objective, ...] = ()
    warmup_s: float
    window_s: float
