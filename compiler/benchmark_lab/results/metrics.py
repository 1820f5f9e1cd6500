"""Says what the method lets the metrics of results rank."""

from __future__ import annotations

from collections.abc import Mapping

from benchmark_lab.bundle import LoadModel
from benchmark_lab.judge.metrics import METRICS
from benchmark_lab.records import SERVER_BOTTLENECKS, CellSummary, Trial

SHARED_HOST = "shared-host"
"""Label of a run whose roles share one machine."""
SHARED_CPUS = "sut-and-load-share-cpus"
"""Label of a run whose generator slows the server.

In a run of several hardware values, the name of the hardware value follows in brackets.
"""


NEARLY_ALL = 0.9
INFORMATIVE = "informative: it says why, not which is better"


def compared_by_default(model: LoadModel) -> tuple[str, ...]:
    """Return the metrics that comparisons of a load model are about, where nobody asks for other metrics (METHOD 5)."""
    return tuple(name for name, metric in METRICS.items() if model in metric.compared)


def value_of(trial: Trial, metric: str) -> float | None:
    """Return the trial's figure of a metric; None where the trial has no figure above 0.

    A figure of 0 or below was not measured and has no logarithm. An informative metric may be 0.
    """
    value: float | None = getattr(trial, metric, None)
    may_be_zero = METRICS[metric].ranking == "informative"
    return value if value is not None and (value > 0 or may_be_zero) else None


def is_own_bottleneck(bottlenecks: Mapping[str, int]) -> bool:
    """True if the server itself limited nearly all trials, so that the throughput is the server's own (METHOD 12)."""
    own = sum(count for bottleneck, count in bottlenecks.items() if bottleneck in SERVER_BOTTLENECKS)
    return own > 0 and own >= NEARLY_ALL * sum(bottlenecks.values())


def bound_in_words(cell: CellSummary) -> str:
    """Return what else than the server limited the cell, most frequent first: `generator-limited`, `limit unknown`."""
    foreign = (bottleneck for bottleneck in cell.bottlenecks if bottleneck not in SERVER_BOTTLENECKS)
    names = sorted(foreign, key=lambda bottleneck: (-cell.bottlenecks[bottleneck], bottleneck))
    return ", ".join("limit unknown" if name == "unknown" else f"{name}-limited" for name in names)


def shares_cpus(labels: tuple[str, ...], hardware: str) -> bool:
    """True if the server shares CPUs with its generator, in a run of one hardware value or of several."""
    return SHARED_CPUS in labels or f"{SHARED_CPUS} ({hardware})" in labels


def unranked_reason(
    metric: str,
    load_model: LoadModel,
    labels: tuple[str, ...],
    cells: tuple[CellSummary, CellSummary],
) -> str | None:
    """Return why the method forbids to rank two cells by a metric; None where ranks are allowed (METHOD 5, 12, 21)."""
    if retired := next((cell.retired for cell in cells if cell.retired), None):
        return f"retired: {retired}"
    if unlike := _unlike_reason(metric, *cells):
        return unlike
    if kind := _kind_reason(metric, load_model, labels):
        return kind
    return _bound_reason(labels, cells) if metric == "throughput_rps" else None


def _kind_reason(metric: str, load_model: LoadModel, labels: tuple[str, ...]) -> str | None:
    """Return why a metric ranks nothing under such a load or on such a host; None where the metric may rank."""
    if load_model == "closed" and metric.startswith("latency_"):
        return "closed loop, not ranked"
    match METRICS[metric].ranking:
        case "informative":
            return INFORMATIVE
        case "set-by-rate" if load_model == "open":
            return "set by the open load's rate"
        case "tail" if SHARED_HOST in labels:
            return "p99 and beyond of a shared host are not ranked"
        case _:
            return None


def _unlike_reason(metric: str, baseline: CellSummary, candidate: CellSummary) -> str | None:
    """Return why two cells did not do the same work, or may have waited longer for being busier; else None."""
    ways = [cell.axes.get("data_access", "raw") for cell in (baseline, candidate)]
    if ways[0] != ways[1] and baseline.axes["implementation"] != candidate.axes["implementation"]:
        return f"data_access {ways[1]} against {ways[0]}"
    if baseline.axes.get("load") == "equal-rate" and baseline.load != candidate.load:
        return f"other load: {candidate.load} against {baseline.load}"
    return (baseline.unequal_utilisation or candidate.unequal_utilisation) if metric.startswith("latency_") else None


def _bound_reason(labels: tuple[str, ...], cells: tuple[CellSummary, CellSummary]) -> str | None:
    """Return why a throughput may not be the server's own; None without a reason."""
    if any(shares_cpus(labels, str(cell.axes["hardware"])) for cell in cells):
        return "server and generator share CPUs"
    bounds = {bound_in_words(cell) for cell in cells if cell.throughput_at_least_rps is not None}
    return f"a lower bound: {', '.join(sorted(bounds))}" if bounds else None
