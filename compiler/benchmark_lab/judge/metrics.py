"""The metrics of a trial, each declared once.

A metric's declaration has its figure, its words, and where `lab` shows, compares and ranks the metric.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from benchmark_lab.bundle import LoadModel, using
from benchmark_lab.judge.case import Case
from benchmark_lab.records import Trial

Ranking = Literal["ranked", "tail", "set-by-rate", "informative"]
"""Ways in which the method lets a metric rank (METHOD 5).

The rules differ for a tail of latencies and for what an open load's rate sets. An informative metric says why, ranks
nothing, and may be 0.
"""


@dataclass(frozen=True, slots=True)
class Metric:
    """One figure of a trial, and all that `lab` says of the figure."""

    name: str
    """Key of the metric in JSON, in `criteria` and of `lab compare --metric`."""
    unit: str
    noun: str
    more: str
    """Words about a candidate whose figure is higher, such as `is slower`."""
    less: str
    of: Callable[[Case], float | None]
    """Function that returns the figure of a trial; None where the figure is not known, or has too few requests."""
    column: str = ""
    """Heading in the table of cells, or of further figures for an informative metric; empty: in no table."""
    compared: frozenset[LoadModel] = frozenset()
    """Load models whose comparisons are about the metric where nobody asks for other metrics."""
    ranking: Ranking = "ranked"
    samples: int = 0
    """Number of requests that the figure needs (METHOD 8: 100/(1-q); the median is content with 100)."""


_METRICS: dict[str, Metric] = {}

METRICS: Mapping[str, Metric] = MappingProxyType(_METRICS)
"""Every metric by its name, in the order of tables and comparisons."""
PERCENTILES: Mapping[str, Metric]
"""Percentiles that an objective may be about, by their short names such as `p99.9`."""


def declare(metric: Metric) -> Metric:
    """Register a metric, so that `lab` computes, stores, shows, compares and documents the metric.

    Raises:
        ValueError: there is another metric of this name.
    """
    if metric.name in _METRICS:
        raise ValueError(f"metric `{metric.name}` is declared twice")
    _METRICS[metric.name] = metric
    return metric


def without_strangers(trial: Trial) -> Trial:
    """Remove the keys that are no metrics from a stored trial, such as the parameters of its cell.

    The trial's own keys stay.
    """
    for name in {*(trial.model_extra or {})} - METRICS.keys():
        del trial.model_extra[name]  # type: ignore[union-attr]  # there are names only in a mapping
    return trial


def _measured(of: Callable[[Case], float | None]) -> Callable[[Case], float | None]:
    """Return a function that gives the figure only of a window with requests."""
    return lambda case: of(case) if case.measured else None


def _declare_percentile(short: str, samples: int, column: str = "", ranking: Ranking = "ranked") -> Metric:
    position = float(short[1:]) * 10
    if not position.is_integer():
        raise ValueError(f"percentile `{short}` lies between two of the quantiles that are kept")

    def of(case: Case) -> float | None:
        k6 = case.k6
        if k6.problem or not k6.latency_quantiles_ms or k6.requests < samples:
            return None
        return k6.latency_quantiles_ms[int(position)]

    return declare(
        Metric(
            name=f"latency_{short.replace('.', '')}_ms",
            unit="ms",
            noun=f"{short} latency",
            more="is slower",
            less="is faster",
            of=of,
            column=column,
            compared=frozenset({"open", "closed"} if column else ()),
            ranking=ranking,
            samples=samples,
        )
    )


def _pool_occupancy(case: Case) -> float | None:
    """Return the connections in use over the connections that the server may open.

    The share is None without a pool, or without a watched database.
    """
    return case.connections_taken / case.connections if case.connections and _asks_database(case) else None


def _lock_waiters(case: Case) -> float | None:
    return case.database.lock_waiters if _asks_database(case) else None


def _asks_database(case: Case) -> bool:
    return case.database.transactions > 0 and bool(using("database", case.operations))


def _calls_in_flight(case: Case) -> float | None:
    """Return the mean number of calls in flight, by Little's law.

    The number is the calls a second times the mean latency that the upstream is set to. The number is None without such
    a latency.
    """
    if not (case.upstream.latency_ms and using("upstream", case.operations)):
        return None
    return case.upstream.hits * case.upstream.latency_ms / 1000 / case.k6.window_taken_s


def _longest(case: Case) -> float | None:
    return case.k6.latency_quantiles_ms[-1] if case.k6.latency_quantiles_ms else None


def _peak_memory(case: Case) -> float | None:
    return case.server.rss_peak_bytes / 2**20 if case.server.rss_peak_bytes else None


declare(
    Metric(
        name="throughput_rps",
        unit="requests/s",
        noun="throughput",
        more="is faster",
        less="is slower",
        of=_measured(lambda case: case.throughput_rps),
        column="requests/s",
        compared=frozenset({"closed"}),
        ranking="set-by-rate",
    )
)
declare(
    Metric(
        name="sut_cpu_us_per_request",
        unit="µs",
        noun="CPU per request",
        more="uses more CPU",
        less="uses less CPU",
        of=_measured(lambda case: case.server.cpu_s / case.k6.requests * 1e6),
        column="CPU µs per request",
        compared=frozenset({"open", "closed"}),
    )
)
PERCENTILES = {
    "p50": _declare_percentile("p50", 100, "p50 ms"),
    "p90": _declare_percentile("p90", 1_000, "p90 ms"),
    "p99": _declare_percentile("p99", 10_000, "p99 ms", "tail"),
    "p99.9": _declare_percentile("p99.9", 100_000, ranking="tail"),
}
declare(
    Metric(
        name="latency_mean_ms",
        unit="ms",
        noun="mean latency",
        more="is slower",
        less="is faster",
        of=_measured(lambda case: case.k6.latency_mean_ms),
    )
)
declare(
    Metric(
        name="latency_max_ms",
        unit="ms",
        noun="longest latency",
        more="is slower",
        less="is faster",
        of=_measured(_longest),
        ranking="tail",
    )
)
declare(
    Metric(
        name="sut_cpu_utilisation",
        unit="share",
        noun="CPU utilisation",
        more="is busier",
        less="is less busy",
        of=_measured(lambda case: case.server_cpu),
        ranking="set-by-rate",
    )
)
declare(
    Metric(
        name="sut_rss_peak_mib",
        unit="MiB",
        noun="peak memory",
        more="uses more memory",
        less="uses less memory",
        of=_peak_memory,
        column="peak MiB",
    )
)
declare(
    Metric(
        name="time_to_ready_s",
        unit="s",
        noun="time to ready",
        more="gets ready later",
        less="gets ready sooner",
        of=lambda case: case.server.ready_s,
        column="ready after s",
        ranking="informative",
    )
)
declare(
    Metric(
        name="pool_occupancy",
        unit="share",
        noun="pool occupancy",
        more="keeps more of its pool busy",
        less="keeps less of its pool busy",
        of=_measured(_pool_occupancy),
        column="pool in use",
        ranking="informative",
    )
)
declare(
    Metric(
        name="lock_waiters",
        unit="connections",
        noun="lock waiters",
        more="waits more for locks",
        less="waits less for locks",
        of=_measured(_lock_waiters),
        column="lock waiters",
        ranking="informative",
    )
)
declare(
    Metric(
        name="calls_in_flight",
        unit="calls",
        noun="calls in flight",
        more="has more calls in flight",
        less="has fewer calls in flight",
        of=_measured(_calls_in_flight),
        column="calls in flight",
        ranking="informative",
    )
)
