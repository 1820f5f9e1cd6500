"""Trials grouped by cell: medians with intervals, and why the rest does not count."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from benchmark_lab.bundle import Cell
from benchmark_lab.results.metrics import METRICS, limits_itself, value_of
from benchmark_lab.run import CellSummary, Estimate, Reason, Trial
from benchmark_lab.statistics.median import median_interval


def summarise_cells(
    cells: Sequence[Cell], trials: Sequence[Trial], not_measured: Mapping[str, str]
) -> tuple[CellSummary, ...]:
    """Summarise every cell, in the plan's order; `not_measured` says by cell id why one has no trial."""
    of_cell: dict[str, list[Trial]] = {cell.id: [] for cell in cells}
    for trial in trials:
        of_cell[trial.cell].append(trial)
    return tuple(_summarise(cell, of_cell[cell.id], not_measured.get(cell.id)) for cell in cells)


def _summarise(cell: Cell, trials: Sequence[Trial], not_measured: str | None) -> CellSummary:
    valid = [trial for trial in trials if trial.verdict == "valid"]
    bounding = valid or [
        trial for trial in trials if [reason.code for reason in trial.reasons] == ["generator-limited"]
    ]
    limited_by: Counter[str] = Counter(trial.limited_by for trial in bounding if trial.limited_by)
    rates = [rate for trial in bounding if (rate := value_of(trial, "throughput_rps"))]
    reasons = [reason for trial in trials for reason in trial.reasons]
    return CellSummary(
        cell=cell.id,
        axes=axes_of(cell),
        trials=len(trials),
        valid=len(valid),
        invalid_reasons=_counts(reasons),
        invalid_evidence={reason.code: reason.evidence for reason in reversed(reasons)},
        requests=sum(trial.requests for trial in trials),
        failed_requests=sum(trial.failed_requests for trial in trials),
        not_measured=not_measured if not trials else None,
        limited_by=dict(limited_by),
        throughput_at_least_rps=statistics.median(rates)
        if limited_by and rates and not limits_itself(limited_by)
        else None,
        remarks=_counts(remark for trial in valid for remark in trial.remarks),
        metrics={name: estimate for name in METRICS if (estimate := _estimate(valid, name))},
    )


def axes_of(cell: Cell) -> dict[str, str | int | float | bool]:
    """The cell's axes by name, its parameters included, in the fixed order of its id."""
    return {
        "implementation": cell.implementation,
        "server": cell.server,
        "workers": cell.workers,
        "scenario": cell.scenario,
        "hardware": cell.hardware,
        **cell.parameters,
    }


def _counts(reasons: Iterable[Reason]) -> dict[str, int]:
    return dict(Counter(reason.code for reason in reasons).most_common())


def _estimate(trials: Sequence[Trial], metric: str) -> Estimate | None:
    values = [value for trial in trials if (value := value_of(trial, metric)) is not None]
    if not values:
        return None
    found = median_interval(values)
    return Estimate(median=found.median, low=found.low, high=found.high, confidence=found.confidence, n=len(values))
