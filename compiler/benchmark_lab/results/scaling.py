"""Fits the throughput of a sweep over workers to the Universal Scalability Law (METHOD 18)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from benchmark_lab.records import CellSummary, Fitted, Scaling, Trial
from benchmark_lab.results.metrics import shares_cpus, value_of
from benchmark_lab.statistics import usl

WORKERS = "workers"


def scalings(
    cells: Sequence[CellSummary], trials: Sequence[Trial], labels: tuple[str, ...], seed: int
) -> tuple[Scaling, ...]:
    """Return how each server scales whose cells differ in nothing but workers, in the order of the cells.

    A server with too few numbers of workers has no scaling. A throughput that is not the server's own says nothing of
    the server's scaling, so cells with such a throughput are left out.
    """
    sweeps: dict[tuple[object, ...], list[CellSummary]] = defaultdict(list)
    for cell in cells:
        own = cell.valid and cell.throughput_at_least_rps is None and not cell.retired
        if cell.load_model == "closed" and own and not shares_cpus(labels, str(cell.axes["hardware"])):
            sweeps[tuple(value for axis, value in cell.axes.items() if axis != WORKERS)].append(cell)
    return tuple(found for sweep in sweeps.values() for found in _scaling(sweep, trials, seed))


def _scaling(cells: Sequence[CellSummary], trials: Sequence[Trial], seed: int) -> Iterator[Scaling]:
    workers = {cell.cell: int(cell.axes[WORKERS]) for cell in cells}
    rounds: dict[int, dict[int, float]] = defaultdict(dict)
    for trial in trials:
        rate = value_of(trial, "throughput_rps")
        if trial.cell in workers and trial.verdict == "valid" and trial.purpose == "measure" and rate:
            rounds[trial.round][workers[trial.cell]] = rate
    if found := usl.scaling([*rounds.values()], seed):
        yield Scaling(
            cells=tuple(workers),
            rounds=len(rounds),
            one_worker_rps=_fitted(found.law.gamma, found.gamma),
            contention=_fitted(found.law.alpha, found.alpha),
            coherence=_fitted(found.law.beta, found.beta),
            peak_workers=found.peak and _fitted(found.peak.workers, found.peak.interval),
            beyond_sweep=found.peak is not None and found.peak.beyond_sweep,
        )


def _fitted(value: float, interval: usl.Interval | None) -> Fitted:
    return Fitted(value=value, low=interval and interval.low, high=interval and interval.high)
