"""Trials grouped by cell: medians with intervals, and why the rest does not count."""

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
        cells: of the bundle.
        trials: of these cells, probes among them: these count only for a cell that is nothing but searched.
        excluded: why a cell, by its id, has no trial, or no more than it has.
        searches: what a cell's search found, by its id.
        unequal_utilisation: why a cell's load, by its id, may utilise it less than the others of its step.
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
    """What a search makes of a cell: its trials had different rates, so that no median of theirs means anything."""
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
    """What limited a valid trial, or one that something else than the server held back, whatever else is against it."""
    if trial.verdict == "valid":
        return trial.bottleneck
    bounds = LOWER_BOUND_REASONS
    return next((bounds[reason.code] for reason in trial.reasons if reason.code in bounds), None)


def _found_load(cell: Cell, trials: Sequence[Trial]) -> str:
    """What probing found, as the trials had it."""
    if isinstance(cell.load, Load) or cell.load.model == "slo-search" or not trials:
        return ""
    if cell.load_model == "closed":
        return f"{trials[0].vus} virtual users"
    return f"{trials[0].arrival_rate_rps:,.0f} requests/s"


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


def _first_evidence(reasons: Sequence[Reason]) -> dict[str, str]:
    return {reason.code: reason.evidence for reason in reversed(reasons)}


def _values(trials: Sequence[Trial], metric: str) -> list[float]:
    return [value for trial in trials if (value := value_of(trial, metric)) is not None]


def estimate_of(values: Sequence[float]) -> Estimate:
    """The median of a few trials or rounds, at least one, with its interval."""
    found = median_interval(values)
    return Estimate(median=found.median, low=found.low, high=found.high, confidence=found.confidence, n=len(values))
