"""Tells the CPU time of a request by its pieces of work, such as each MiB of an upload, or each further middleware."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from statistics import linear_regression

from benchmark_lab.bundle import BundledScenario, BundledWork
from benchmark_lab.records import CellSummary, Trial, UnitCost
from benchmark_lab.results.cells import estimate_of
from benchmark_lab.results.metrics import value_of


def unit_costs(
    scenarios: Sequence[BundledScenario], cells: Sequence[CellSummary], trials: Sequence[Trial]
) -> tuple[UnitCost, ...]:
    """Return what a piece of work costs each server, in the order of the cells; nothing where no round tells the cost.

    The cost is the slope of a request's CPU time over the pieces in the request, in least squares and round by round.
    The slope goes through the origin where the pieces are all that a request does. Otherwise the slope takes cells that
    differ in nothing but the pieces.
    """
    works = {scenario.name: scenario.work for scenario in scenarios if scenario.work}
    groups: dict[tuple[BundledWork, tuple[object, ...]], list[CellSummary]] = defaultdict(list)
    for cell in cells:
        work = works.get(str(cell.axes["scenario"]))
        if work and not cell.retired:
            groups[work, tuple(value for axis, value in cell.axes.items() if axis != work.parameter)].append(cell)
    return tuple(cost for (work, _), group in groups.items() for cost in _costs(work, group, trials))


def _costs(work: BundledWork, cells: Sequence[CellSummary], trials: Sequence[Trial]) -> Iterator[UnitCost]:
    pieces = {cell.cell: float(cell.axes[work.parameter]) for cell in cells}
    rounds: dict[int, dict[float, float]] = defaultdict(dict)
    for trial in trials:
        cpu_us = value_of(trial, "sut_cpu_us_per_request")
        if trial.cell in pieces and trial.verdict == "valid" and trial.purpose == "measure" and cpu_us:
            rounds[trial.round][pieces[trial.cell]] = cpu_us
    slopes = [
        slope for measured in rounds.values() if (slope := _slope(measured, through_origin=work.whole)) is not None
    ]
    if slopes:
        yield UnitCost(unit=work.unit, cells=tuple(pieces), cpu_us=estimate_of(slopes))


def _slope(cpu_us: Mapping[float, float], *, through_origin: bool) -> float | None:
    """Return the slope of the CPU time over the pieces; None where the pieces are too few to tell a slope."""
    if through_origin:
        return sum(pieces * used for pieces, used in cpu_us.items()) / sum(pieces**2 for pieces in cpu_us)
    if len(cpu_us) < 2:  # noqa: PLR2004  a line goes through two points
        return None
    return linear_regression([*cpu_us], [*cpu_us.values()]).slope
