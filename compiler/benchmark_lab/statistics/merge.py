"""One load from those of several hosts: counters are summed, latency distributions merged by count."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict

from benchmark_lab.records import HostObservation, LoadObservation

if TYPE_CHECKING:
    import numpy as np

STEPS = 1_000
"""Of the quantiles' grid, from 0 to 1."""
FINEST_MS = 0.001
"""k6's latencies are rounded to it."""
TIE = 1e-12
"""Equal latencies are told apart by this factor, so that a rank can be read off them."""
LEAST_LAGS = 1_000
"""So many iterations, of all processes together, must have told their lag before a short pause is not its p99."""


@dataclass(frozen=True, slots=True)
class Distribution:
    """Latencies of `count` requests: 1,001 quantiles, 0 to 1 in steps of 0.001, and those beyond them by name."""

    count: int
    quantiles_ms: tuple[float, ...]
    tail_ms: dict[str, float]


def merge_latencies(parts: Sequence[Distribution]) -> Distribution:
    """The distribution of all requests, as if one process had seen them.

    Quantile p of n values is the value at rank p·(n-1), between ranks interpolated, as k6 has it. Each part tells how
    many of its requests took longer than a latency: exactly at its own points, and between two of them with the
    logarithm of that number linear in the logarithm of the latency, as in a Pareto tail. The sum of these numbers,
    read backwards, gives the merged quantiles.

    The error is that of the interpolation: up to p99.9 under 0.5 % of the pooled percentile; beyond it, where points
    are sparse, up to 10 % (tests, from log-normal to Pareto with index 1.5). A quantile in a gap between two modes,
    where the pooled requests have no definite one either, may lie anywhere in the gap.
    """
    import numpy as np  # noqa: PLC0415  loading takes longer than most commands; only merging needs it

    parts = [part for part in parts if part.count and part.quantiles_ms]
    if not parts:
        return Distribution(0, (), {})
    names = sorted({name for part in parts for name in part.tail_ms}, key=float)
    total = sum(part.count for part in parts)

    curves = []
    for part in parts:
        points = {i / STEPS: latency for i, latency in enumerate(part.quantiles_ms)}
        points |= {float(name): latency for name, latency in part.tail_ms.items()}
        quantile = np.array(sorted(points))
        latency = np.log(np.maximum([points[q] for q in quantile], FINEST_MS)) + TIE * np.arange(len(quantile))
        curves.append((latency, np.log(_longer(part.count, quantile))))
    latencies = np.unique(np.concatenate([latency for latency, _ in curves]))
    longer = sum(
        np.exp(np.interp(latencies, latency, number, left=np.log(part.count), right=-np.inf))
        for part, (latency, number) in zip(parts, curves, strict=True)
    )

    asked = np.array([i / STEPS for i in range(STEPS + 1)] + [float(name) for name in names])
    wanted = np.log(_longer(total, asked))
    merged = [round(value, 3) for value in np.exp(np.interp(-wanted, -np.log(longer), latencies)).tolist()]
    return Distribution(total, tuple(merged[: STEPS + 1]), dict(zip(names, merged[STEPS + 1 :], strict=True)))


def _longer(count: int, quantile: np.ndarray) -> np.ndarray:
    """How many of `count` requests took longer than the quantile; the one at the quantile's rank counts half."""
    return (count - 1) * (1 - quantile) + 0.5


def merge_loads(observations: Sequence[LoadObservation]) -> LoadObservation:
    """What the processes of one load, started together, saw in sum; at least one of them."""
    lag_p99_ms = _lag_p99_ms(observations)
    if len(observations) == 1:
        return observations[0].model_copy(update={"lag_p99_ms": lag_p99_ms})
    latencies = merge_latencies(
        [Distribution(seen.requests, seen.latency_quantiles_ms, seen.latency_tail_ms) for seen in observations]
    )
    return LoadObservation(
        problem=next(
            (
                f"load host {number} of {len(observations)}: {seen.problem}"
                for number, seen in enumerate(observations, start=1)
                if seen.problem
            ),
            None,
        ),
        window_taken_s=max(seen.window_taken_s for seen in observations),
        requests=sum(seen.requests for seen in observations),
        failed_requests=sum(seen.failed_requests for seen in observations),
        iterations=sum(seen.iterations for seen in observations),
        dropped_iterations=sum(seen.dropped_iterations for seen in observations),
        lags=sum(seen.lags for seen in observations),
        lag_p99_ms=lag_p99_ms,
        latency_quantiles_ms=latencies.quantiles_ms,
        latency_tail_ms=latencies.tail_ms,
        latency_mean_ms=_mean(
            [(seen.requests - seen.failed_requests, seen.latency_mean_ms) for seen in observations],
        ),
        cpu_s=sum(seen.cpu_s for seen in observations),
        cpus=sum(seen.cpus for seen in observations),
        wall_s=max(seen.wall_s for seen in observations),
        cpus_busy=max(seen.cpus_busy for seen in observations),
        failures=_summed(seen.failures for seen in observations),
        successes=_summed(seen.successes for seen in observations),
        processes=sum(seen.processes for seen in observations),
        parts=tuple(observations),
        **_series(observations),
    )


def merge_hosts(observations: Sequence[HostObservation]) -> HostObservation:
    """What several hosts of one role counted, in sum; of the shares of their CPU sets the largest. At least one."""
    fields = [seen.model_dump() for seen in observations]
    summed = {name: sum(seen[name] for seen in fields) for name in fields[0]}
    shares = {name: max(seen[name] for seen in fields) for name in ("cpus_busy", "interrupts", "steal")}
    return HostObservation.model_validate({**summed, **shares})


def _lag_p99_ms(observations: Sequence[LoadObservation]) -> float | None:
    """That of all together is at most the largest; None where too few told it."""
    if sum(seen.lags for seen in observations) < LEAST_LAGS:
        return None
    return max((seen.lag_p99_ms for seen in observations if seen.lag_p99_ms is not None), default=None)


def _summed(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    return dict(sum((Counter(each) for each in counts), Counter[str]()))


class _Series(TypedDict, total=False):
    series_interval_s: float
    throughput_series_rps: tuple[float, ...]
    latency_series_ms: tuple[float, ...]


def _series(observations: Sequence[LoadObservation]) -> _Series:
    """The series of all together, interval by interval, as far as the shortest goes."""
    rates = [*zip(*(seen.throughput_series_rps for seen in observations), strict=False)]
    means = zip(*(seen.latency_series_ms for seen in observations), strict=False)
    return _Series(
        series_interval_s=observations[0].series_interval_s,
        throughput_series_rps=tuple(round(sum(interval), 2) for interval in rates),
        latency_series_ms=tuple(
            round(_mean([*zip(*interval, strict=True)]), 3) for interval in zip(rates, means, strict=False)
        ),
    )


def _mean(weighted: Sequence[tuple[float, float]]) -> float:
    """The mean by weight; without any weight the largest, which stands for no answer at all."""
    total = sum(weight for weight, _ in weighted)
    return sum(weight * value for weight, value in weighted) / total if total else max(value for _, value in weighted)
