"""The metrics that results speak of: their units, the words for more and less, and what the method lets rank."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from benchmark_lab.bundle import LoadModel
from benchmark_lab.records import SERVER_BOTTLENECKS, CellSummary, Trial

SHARED_HOST = "shared-host"
"""Label of a run whose roles share one machine."""
SHARED_CPUS = "sut-and-load-share-cpus"
"""Label of a run whose generator slows the server; of several hardware values, their name follows in brackets."""


@dataclass(frozen=True, slots=True)
class Metric:
    """One figure of a trial; `more` and `less` say of a candidate that its figure is higher or lower."""

    name: str
    unit: str
    noun: str
    more: str
    less: str


METRICS: Mapping[str, Metric] = {
    metric.name: metric
    for metric in (
        Metric("throughput_rps", "requests/s", "throughput", "is faster", "is slower"),
        Metric("sut_cpu_us_per_request", "µs", "CPU per request", "uses more CPU", "uses less CPU"),
        Metric("latency_p50_ms", "ms", "p50 latency", "is slower", "is faster"),
        Metric("latency_p90_ms", "ms", "p90 latency", "is slower", "is faster"),
        Metric("latency_p99_ms", "ms", "p99 latency", "is slower", "is faster"),
        Metric("latency_p999_ms", "ms", "p99.9 latency", "is slower", "is faster"),
        Metric("latency_mean_ms", "ms", "mean latency", "is slower", "is faster"),
        Metric("latency_max_ms", "ms", "longest latency", "is slower", "is faster"),
        Metric("sut_cpu_utilisation", "share", "CPU utilisation", "is busier", "is less busy"),
        Metric("sut_rss_peak_mib", "MiB", "peak memory", "uses more memory", "uses less memory"),
    )
}

COMPARED: Mapping[LoadModel, tuple[str, ...]] = {
    "open": ("sut_cpu_us_per_request", "latency_p50_ms", "latency_p90_ms", "latency_p99_ms"),
    "closed": ("throughput_rps", "sut_cpu_us_per_request", "latency_p50_ms", "latency_p90_ms", "latency_p99_ms"),
}
"""What a run's comparisons are about where nobody asks for other metrics (METHOD 5)."""

TAIL = ("latency_p99_ms", "latency_p999_ms", "latency_max_ms")

NEARLY_ALL = 0.9


def value_of(trial: Trial, metric: str) -> float | None:
    """The trial's figure; a figure of 0 or below is none, for it was not measured and has no logarithm."""
    value: float | None = getattr(trial, metric)
    return value if value is not None and value > 0 else None


def is_own_bottleneck(bottlenecks: Mapping[str, int]) -> bool:
    """Whether nearly all trials were limited by the server itself, so that their throughput is its own (METHOD 12)."""
    own = sum(count for bottleneck, count in bottlenecks.items() if bottleneck in SERVER_BOTTLENECKS)
    return own > 0 and own >= NEARLY_ALL * sum(bottlenecks.values())


def bound_in_words(cell: CellSummary) -> str:
    """What else than the server limited it, most frequent first: `generator-limited`, `limit unknown`."""
    foreign = (bottleneck for bottleneck in cell.bottlenecks if bottleneck not in SERVER_BOTTLENECKS)
    names = sorted(foreign, key=lambda bottleneck: (-cell.bottlenecks[bottleneck], bottleneck))
    return ", ".join("limit unknown" if name == "unknown" else f"{name}-limited" for name in names)


def shares_cpus(labels: tuple[str, ...], hardware: str) -> bool:
    """Whether the server shares CPUs with its generator, in a run of one hardware value or of several."""
    return SHARED_CPUS in labels or f"{SHARED_CPUS} ({hardware})" in labels


def unranked_reason(
    metric: str,
    load_model: LoadModel,
    labels: tuple[str, ...],
    cells: tuple[CellSummary, CellSummary],
) -> str | None:
    """Why the method forbids to rank two cells by a metric; None where it allows it (METHOD 5, 12, 21)."""
    if retired := next((cell.retired for cell in cells if cell.retired), None):
        return f"retired: {retired}"
    if unlike := _unlike_reason(metric, *cells):
        return unlike
    if load_model == "closed" and metric.startswith("latency_"):
        return "closed loop, not ranked"
    if load_model == "open" and metric in {"throughput_rps", "sut_cpu_utilisation"}:
        return "set by the open load's rate"
    if metric in TAIL and SHARED_HOST in labels:
        return "p99 and beyond of a shared host are not ranked"
    return _bound_reason(labels, cells) if metric == "throughput_rps" else None


def _unlike_reason(metric: str, baseline: CellSummary, candidate: CellSummary) -> str | None:
    """Why two cells did not do the same work, or may have waited longer for being busier."""
    ways = [cell.axes.get("data_access", "raw") for cell in (baseline, candidate)]
    if ways[0] != ways[1] and baseline.axes["implementation"] != candidate.axes["implementation"]:
        return f"data_access {ways[1]} against {ways[0]}"
    if baseline.axes.get("load") == "equal-rate" and baseline.load != candidate.load:
        return f"other load: {candidate.load} against {baseline.load}"
    return (baseline.unequal_utilisation or candidate.unequal_utilisation) if metric.startswith("latency_") else None


def _bound_reason(labels: tuple[str, ...], cells: tuple[CellSummary, CellSummary]) -> str | None:
    """Why a throughput may not be the server's own."""
    if any(shares_cpus(labels, str(cell.axes["hardware"])) for cell in cells):
        return "server and generator share CPUs"
    bounds = {bound_in_words(cell) for cell in cells if cell.throughput_at_least_rps is not None}
    return f"a lower bound: {', '.join(sorted(bounds))}" if bounds else None
