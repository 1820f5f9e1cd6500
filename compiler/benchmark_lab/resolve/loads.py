"""The load that an experiment asks for, to the levels that become an axis of its cells."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, assert_never

from benchmark_lab.bundle import Load, LoadAsked, Scalar, SoughtLoad
from benchmark_lab.experiment.hardware import MOST_LOAD_HOSTS
from benchmark_lab.experiment.loads import AnyLoad, CapacityThenLatency, ClosedLoad, OpenLoad, SloSearch
from benchmark_lab.loads import open_load

LEVEL_AXES = ("vus", "rate", "load")
"""The axes that a load with several steps has."""


@dataclass(frozen=True, slots=True)
class Level:
    """One step of the load; with an axis only where there are several."""

    load: Load | SoughtLoad
    axis: Literal["", "vus", "rate", "load"] = ""
    value: Scalar = ""

    @property
    def axes(self) -> dict[str, Scalar]:
        """The axis and its value."""
        return {self.axis: self.value} if self.axis else {}


def asked_load(load: AnyLoad) -> LoadAsked:
    """The load as results describe it."""
    timing = {"warmup_s": load.warmup, "window_s": load.window}
    match load:
        case ClosedLoad(vus=vus):
            return LoadAsked(model="closed", vus=vus, **timing)
        case CapacityThenLatency(vus=vus, arrivals=arrivals):
            return LoadAsked(model="capacity-then-latency", vus=vus, arrivals=arrivals, **timing)
        case OpenLoad(rate=rates, arrivals=arrivals):
            return LoadAsked(model="open", arrival_rates_rps=rates, arrivals=arrivals, **timing)
        case SloSearch(objective=objectives, arrivals=arrivals):
            return LoadAsked(model="slo-search", objectives=objectives, arrivals=arrivals, **timing)
        case _:
            assert_never(load)


def levels_of(load: AnyLoad) -> tuple[Level, ...]:
    """The steps in their order."""
    steps = tuple(_levels(load))
    return steps if len(steps) > 1 else (Level(steps[0].load),)


def fewest_vus(load: AnyLoad) -> int:
    """The virtual users of the smallest step that the experiment itself gives; a load that is sought adapts."""
    given = [level.load.vus for level in levels_of(load) if isinstance(level.load, Load)]
    return min([*given, *asked_load(load).vus], default=MOST_LOAD_HOSTS)


def _levels(load: AnyLoad) -> Iterator[Level]:
    timing = {"warmup_s": load.warmup, "window_s": load.window}
    match load:
        case ClosedLoad():
            for vus in load.vus:
                yield Level(Load(model="closed", vus=vus, **timing), "vus", vus)
        case OpenLoad():
            for rate in load.rate:
                yield Level(open_load(rate, **timing, vus=load.vus, poisson=load.arrivals == "poisson"), "rate", rate)
        case SloSearch():
            yield Level(SoughtLoad(model="slo-search"))
        case CapacityThenLatency():
            for sought in ("capacity", "equal-rate", "equal-utilisation"):
                yield Level(SoughtLoad(model=sought), "load", sought)
        case _:
            assert_never(load)
