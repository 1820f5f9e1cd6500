"""A judged trial, and what it was judged by."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict

from benchmark_lab.bundle import Load, LoadModel, Part, StoredFile
from benchmark_lab.records.observations import Calibration, Measurement

Verdict = Literal["valid", "invalid"]
Purpose = Literal["measure", "probe"]
Bottleneck = Literal["sut-cpu", "sut-slots", "pool", "db", "upstream", "network", "generator", "unknown"]

SERVER_BOTTLENECKS: frozenset[str] = frozenset({"sut-cpu", "sut-slots", "pool"})
"""The bottlenecks that are the server's own: under any other the throughput is a lower bound, too (METHOD 12)."""


class TrialRecord(StoredFile):
    """One line of `measurements.jsonl`: what a trial is judged by, beside the bundle.

    Of the server's log it has the last line, and no latency quantiles: `distributions.jsonl` has the window's.
    """

    trial: str
    cell: str
    load: Load
    calibration: Calibration
    shared_host: bool
    """Whether all roles share one machine."""
    measurement: Measurement


class LatencyDistribution(StoredFile):
    """One line of `distributions.jsonl`: the latencies of a trial's window."""

    trial: str
    cell: str
    quantiles_ms: tuple[float, ...]
    tail_ms: dict[str, float]


class Reason(Part):
    """Why a trial is invalid, or a warning on a valid one: a code and the figures behind it."""

    code: str
    evidence: str


class Trial(StoredFile):
    """One line of `trials.jsonl`; the writer adds the cell's parameters as further plain keys.

    Metrics are None where the trial has none, or too few samples for them (METHOD.md 8). The fields below are those
    that the engine itself reads; other declared metrics are plain keys beside them.
    """

    model_config = ConfigDict(extra="allow")

    trial: str
    """`r<round>.p<position>`, unique within a hardware value's block."""
    cell: str
    implementation: str
    server: str
    workers: int
    scenario: str
    hardware: str
    lane: int
    round: int
    position: int
    started_at: str
    verdict: Verdict
    reasons: tuple[Reason, ...] = ()
    warnings: tuple[Reason, ...] = ()
    bottleneck: Bottleneck | None = None
    bottleneck_evidence: str | None = None
    """The figures that name the limit."""
    purpose: Purpose = "measure"
    """A probe looks for the load of the trials that measure, and counts in no median."""
    load_model: LoadModel
    vus: int | None = None
    """Closed: the virtual users."""
    arrival_rate_rps: float | None = None
    requests: int = 0
    failed_requests: int = 0
    dropped_iterations: int = 0
    window_taken_s: float = 0.0
    throughput_rps: float | None = None
    latency_p50_ms: float | None = None
    latency_p90_ms: float | None = None
    latency_p99_ms: float | None = None
    latency_p999_ms: float | None = None
    latency_mean_ms: float | None = None
    latency_max_ms: float | None = None
    sut_cpu_us_per_request: float | None = None
    sut_cpu_utilisation: float | None = None
    """CPU time of the server over the time of its CPU set, 0 to 1."""
    sut_rss_peak_mib: float | None = None
    generator_cpu_utilisation: float | None = None
    overhead_s: float = 0.0
