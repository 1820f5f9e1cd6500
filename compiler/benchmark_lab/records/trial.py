"""The judged trial, and the record that `lab` judges a trial by."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict

from benchmark_lab.bundle import Load, LoadModel, Part, StoredFile
from benchmark_lab.records.observations import Calibration, Measurement

Verdict = Literal["valid", "invalid"]
Purpose = Literal["measure", "probe"]
Bottleneck = Literal["sut-cpu", "sut-slots", "pool", "db", "upstream", "network", "generator", "unknown"]

SERVER_BOTTLENECKS: frozenset[str] = frozenset({"sut-cpu", "sut-slots", "pool"})
"""Bottlenecks that are the server's own: under any other bottleneck, the throughput is a lower bound (METHOD 12)."""


class TrialRecord(StoredFile):
    """One line of `measurements.jsonl`: what `lab` judges a trial by, beside the bundle.

    The record has the last line of the server's log. The record has no latency quantiles: `distributions.jsonl` has the
    quantiles of the window.
    """

    trial: str
    cell: str
    load: Load
    calibration: Calibration
    shared_host: bool
    """True if all roles share one machine."""
    measurement: Measurement


class LatencyDistribution(StoredFile):
    """One line of `distributions.jsonl`: the latencies of a trial's window."""

    trial: str
    cell: str
    quantiles_ms: tuple[float, ...]
    tail_ms: dict[str, float]


class Reason(Part):
    """A reason why a trial is invalid, or a warning on a valid trial: a code and the figures behind the code."""

    code: str
    evidence: str


class Trial(StoredFile):
    """One line of `trials.jsonl`; the writer adds the cell's parameters as further plain keys.

    A metric is None where the trial has no such figure, or too few samples for the figure (METHOD.md 8). The engine
    itself reads the fields below. Other declared metrics are plain keys beside the fields.
    """

    model_config = ConfigDict(extra="allow")

    trial: str
    """Name of the trial, `r<round>.p<position>`, unique within a hardware value's block."""
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
    """Figures that name the bottleneck."""
    purpose: Purpose = "measure"
    """Purpose of the trial: a probe looks for the load of the trials that measure, and a probe counts in no median."""
    load_model: LoadModel
    vus: int | None = None
    """Closed load: number of virtual users."""
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
