"""Summarises trials by cell: medians with intervals, and why the other trials do not count."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from benchmark_lab.bundle import Cell, Load
from benchmark_lab.judge import LOWER_BOUND_REASONS, is_bounded
from benchmark_lab.judge.metrics import METRICS
from benchmark_lab.records import CellSummary, Estimate, Reason, SearchResult, Trial
from benchmark_lab.results.metrics import is_own_bottleneck, value_of
from benchmark_lab.statistics.median import median_interval


def summarise_cells(
    cells: Sequence[Cell],
    trials: Sequence[Trial],
    excluded: Mapping[str, str],
    searches: Mapping[str, SearchResult] | None = None,
    unequal_utilisation: Mapping[str, str] | None = None,
) -> tuple[CellSummary, ...]:
    """Summarise every cell, in the plan's order.

    Args:
        cells: the cells of the bundle.
        trials: the trials of these cells, probes included; probes count only for a cell that is nothing but searched.
        excluded: the reason why a cell has no trial, or no further trials, by cell id.
        searches: the result of a cell's search, by cell id.
        unequal_utilisation: the reason why a cell's load may utilise the cell less than the others of its step, by cell
            id.
    """
    found, why = searches or {}, unequal_utilisation or {}
    of_cell: dict[str, list[Trial]] = {cell.id: [] for cell in cells}
    for trial in trials:
        if trial.purpose == "measure" or trial.cell in found:
            of_cell[trial.cell].append(trial)
    return tuple(
        _summarise(cell, of_cell[cell.id], excluded.get(cell.id)).model_copy(
            update={"unequal_utilisation": why.get(cell.id), **_of_search(found.get(cell.id))}
        )
        for cell in cells
    )


def _of_search(search: SearchResult | None) -> dict[str, object]:
    """Return what a search changes in the summary of a cell.

    The trials of a search had different rates, so that no median of the trials means anything.
    """
    if search is None:
        return {}
    return {"search": search, "metrics": {}, "load": "", "bottlenecks": {}, "throughput_at_least_rps": None}


def _summarise(cell: Cell, trials: Sequence[Trial], excluded: str | None) -> CellSummary:
    valid = [trial for trial in trials if trial.verdict == "valid"]
    # To leave those out that were held back would keep the slower ones only, and pass their median for the server's.
    named = [
        (trial, bottleneck) for trial in trials if trial.bottleneck and (bottleneck := _bottleneck_that_counts(trial))
    ]
    bottlenecks: Counter[str] = Counter(bottleneck for _, bottleneck in named)
    known = [trial for trial, _ in named if trial.verdict == "valid" or is_bounded(trial)]
    rates = [rate for trial in known if (rate := value_of(trial, "throughput_rps"))]
    reasons = [reason for trial in trials for reason in trial.reasons]
    warnings = [warning for trial in valid for warning in trial.warnings]
    return CellSummary(
        cell=cell.id,
        load_model=cell.load_model,
        load=_found_load(cell, trials),
        axes=axes_of(cell),
        trials=len(trials),
        valid=len(valid),
        invalid_reasons=_counts(reasons),
        invalid_evidence=_first_evidence(reasons),
        requests=sum(trial.requests for trial in trials),
        failed_requests=sum(trial.failed_requests for trial in trials),
        excluded=excluded if not trials else None,
        retired=excluded if trials else None,
        bottlenecks=dict(bottlenecks),
        throughput_at_least_rps=statistics.median(rates)
        if bottlenecks and rates and not is_own_bottleneck(bottlenecks)
        else None,
        warnings=_counts(warnings),
        warning_evidence=_first_evidence(warnings),
        metrics={name: estimate_of(values) for name in METRICS if (values := _values(valid, name))},
    )


def _bottleneck_that_counts(trial: Trial) -> str | None:
    """Return what limited a valid trial, or a trial that something else than the server held back; else None.

    A held-back trial counts, whatever other reasons are against the trial.
    """
    if trial.verdict == "valid":
        return trial.bottleneck
    bounds = LOWER_BOUND_REASONS
    return next((bounds[reason.code] for reason in trial.reasons if reason.code in bounds), None)


def _found_load(cell: Cell, trials: Sequence[Trial]) -> str:
    """Return the load that probing found for a cell, in words, as the trials had the load; empty without one."""
    if isinstance(cell.load, Load) or cell.load.model == "slo-search" or not trials:
        return ""
    if cell.load_model == "closed":
        return f"{trials[0].vus} virtual users"
    return f"{trials[0].arrival_rate_rps:,.0f} requests/s"


def axes_of(cell: Cell) -> dict[str, str | int | float | bool]:
    """Return the cell's axes by name, the cell's parameters included, in the fixed order of the cell's id."""
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


def _first_evidence(reasons: Sequence[Reason]) -> dict[str, str]:
    return {reason.code: reason.evidence for reason in reversed(reasons)}


def _values(trials: Sequence[Trial], metric: str) -> list[float]:
    return [value for trial in trials if (value := value_of(trial, metric)) is not None]


def estimate_of(values: Sequence[float]) -> Estimate:
    """Return the median of a few trials or rounds, at least one, with the median's interval."""
    found = median_interval(values)
    return Estimate(median=found.median, low=found.low, high=found.high, confidence=found.confidence, n=len(values))
