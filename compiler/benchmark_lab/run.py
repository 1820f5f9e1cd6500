"""The record of a run: what the hosts reported, the judged trials, and the summary people read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from benchmark_lab.bundle import Load, LoadModel, Part, Role, Scalar, StoredFile

Verdict = Literal["valid", "invalid"]
Purpose = Literal["measure", "probe"]
LimitedBy = Literal["sut-cpu", "sut-slots", "pool", "db", "upstream", "network", "generator", "unknown"]

BOUNDS: Mapping[str, LimitedBy] = {
    "generator-limited": "generator",
    "littles-law": "generator",
    "network-limited": "network",
    "db-limited": "db",
    "upstream-limited": "upstream",
}
"""Reasons that say that something else than the server was at its limit, so that the throughput is a lower bound."""

OWN_LIMITS: frozenset[str] = frozenset({"sut-cpu", "sut-slots", "pool"})
"""The limits that are the server's own: under any other the throughput is a lower bound, too (METHOD 12)."""


class ServerObservation(Part):
    """What the sut's host saw of the server over the measured window."""

    problem: str | None = None
    """Why there is nothing to measure, such as a server that never became ready."""
    ready_s: float | None = None
    processes_before: tuple[str, ...] = ()
    """`pid:start` of each process of the server at the window's start; `processes_after` likewise at its end."""
    processes_after: tuple[str, ...] = ()
    cpu_s: float = 0.0
    """CPU time of all its processes within the window."""
    worker_cpu_s: tuple[float, ...] | None = None
    """Of it, that of each process that serves; as many as there are such processes. None: they were not counted."""
    cpus: int = 1
    rss_peak_bytes: int = 0
    log_tail: str = ""


class LoadObservation(Part):
    """What one k6 process reported of a warm-up, or of a window, which begins once its connections are open."""

    problem: str | None = None
    """Why k6's figures are missing, such as `k6 was ended by signal 9`."""
    window_s: float = 0.0
    """Duration of k6's executors."""
    requests: int = 0
    failed_requests: int = 0
    """Requests without an answer, with an unexpected status, or whose sampled body was wrong."""
    iterations: int = 0
    dropped_iterations: int = 0
    lags: int = 0
    """Open load: iterations that told how late they began."""
    lag_p99_ms: float | None = None
    """Open load: how late after their due time 99 of 100 iterations began at most; None where too few told it."""
    latency_quantiles_ms: tuple[float, ...] = ()
    """1,001 quantiles, 0 to 1 in steps of 0.001; a failed request counts as 60,000 ms.

    Latency is blocked + sending + waiting + receiving: k6's `blocked` holds connecting and the TLS handshake.
    """
    latency_tail_ms: dict[str, float] = {}
    """Quantiles beyond the grid, by their name: `0.9995`, `0.9999`, …"""
    latency_mean_ms: float = 0.0
    cpu_s: float = 0.0
    """User and system CPU time of the k6 process over `wall_s`."""
    cpus: int = 1
    wall_s: float = 0.0
    """From the window's begin to the end of k6: its connecting before that would hide a generator at its limit."""
    cpus_busy: float = 0.0
    """Share of the load's CPU set that was busy over the same time, whoever used it; of several, the busiest's."""
    failures: dict[str, int] = {}
    """Failed requests by kind: `status 503`, `no answer`, `wrong body`."""
    successes: dict[str, int] = {}
    """Right answers by operation, of the operations whose effect is counted elsewhere too."""
    processes: int = 1
    """k6 processes whose figures are merged here."""
    parts: tuple[LoadObservation, ...] = ()
    """What each of several processes reported."""
    series_interval_s: float = 1.0
    throughput_series_rps: tuple[float, ...] = ()
    """Requests that ended a second, interval by interval over the window; empty where it was too short."""
    latency_series_ms: tuple[float, ...] = ()
    """Mean latency of the same intervals."""


class HostObservation(Part):
    """What one role's host counted over the measured window, by the kernel's own counters."""

    cpus_busy: float = 0.0
    """Share of the role's CPU set that was busy, whoever used it; of several hosts, the busiest's."""
    interrupts: float = 0.0
    """Share of the role's CPU set that the kernel's interrupts took, those of the network above all; a part of that."""
    steal: float = 0.0
    """Share of the role's CPU set that the hypervisor took; of several hosts, from the one that lost most."""
    context_switches: int = 0
    received_bytes: int = 0
    sent_bytes: int = 0
    """Over all interfaces, loopback too."""
    tcp_retransmits: int = 0
    syn_retransmits: int = 0
    listen_overflows: int = 0
    """Connections that a full listen queue refused."""
    disk_read_bytes: int = 0
    disk_written_bytes: int = 0
    allowance_exceeded: int = 0
    """Packets that a network card of a rented host held back or dropped, since its allowance was used up."""
    notices: int = 0
    """Hosts that had notice to be taken away when the trial ended, or could not tell."""


class DatabaseObservation(Part):
    """What PostgreSQL used and counted over the measured window; zeros where only its health was looked at."""

    problem: str | None = None
    """Why it is not the one that the run started, or does not answer."""
    cpu_s: float = 0.0
    """CPU time of all its processes."""
    cpus: int = 1
    transactions: int = 0
    active_s: float = 0.0
    """Time that connections spent executing statements, summed (pg_stat_database.active_time)."""
    idle_in_transaction_s: float = 0.0
    """Time that connections spent inside a transaction, waiting for their client, summed."""
    lock_waiters: float = 0.0
    """Connections that waited for a lock, mean over the window's samples."""
    connections: int = 0
    """Of the server to the database, the most in one sample."""
    checkpoints: int = 0
    users_added: int | None = None
    events_added: int | None = None
    """Rows since the database was last made anew, warm-up included; None where they were not counted."""


class UpstreamObservation(Part):
    """What the simulated external API counted and used over the measured window."""

    problem: str | None = None
    hits: int = 0
    """Calls within the window."""
    peak_in_flight: int = 0
    latency_ms: float = 0.0
    """The mean latency that it was set to."""
    cpu_s: float = 0.0
    cpus: int = 1


class Calibration(Part):
    """What generator and database can do at most for one cell's requests, measured before the first round."""

    generator_rps: float | None = None
    """Requests a second of k6 against a server that answers at once; None where it was not measured."""
    generator_cpu_us_per_request: float | None = None
    database_tps: float | None = None
    """Transactions a second of pgbench with the scenario's statements over as many connections."""


class Measurement(Part):
    """Everything that the hosts reported of one trial: the input of the verdict."""

    server: ServerObservation
    warmup: LoadObservation | None = None
    load: LoadObservation | None = None
    database: DatabaseObservation | None = None
    upstream: UpstreamObservation | None = None
    """None where the scenario does not call it."""
    hosts: dict[Role, HostObservation] = {}
    """By role; a role that shares another's host is not listed twice."""
    overhead_s: float = 0.0
    """Wall time of the trial outside warm-up and window."""


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
    """Why a trial is invalid, or a remark on a valid one: a code and the figures behind it."""

    code: str
    evidence: str


class Trial(StoredFile):
    """One line of `trials.jsonl`; the writer adds the cell's parameters as further plain keys.

    Metrics are None where the trial has none, or too few samples for them (METHOD.md 8).
    """

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
    remarks: tuple[Reason, ...] = ()
    limited_by: LimitedBy | None = None
    limited_by_evidence: str | None = None
    """The figures that name the limit."""
    purpose: Purpose = "measure"
    """A probe looks for the load of the trials that measure, and counts in no median."""
    load_model: LoadModel
    vus: int | None = None
    """Closed: the virtual users."""
    offered_rps: float | None = None
    requests: int = 0
    failed_requests: int = 0
    dropped_iterations: int = 0
    window_s: float = 0.0
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

    @property
    def is_bounded(self) -> bool:
        """Whether it is invalid by nothing but BOUNDS, so that its throughput still tells a lower bound."""
        return bool(self.reasons) and all(reason.code in BOUNDS for reason in self.reasons)


class RoundKey(Part):
    """Names a round: its number counts the rounds, or the rounds of probes, of one hardware value."""

    hardware: str
    purpose: Purpose
    number: int


class Controller(Part):
    """The process that carries a run out."""

    pid: int
    start_ticks: int | None
    """When it started, by its host's kernel."""
    host: str
    mark: str
    """In the environment of what it starts."""


class RunStarted(Part):
    """Journalled when a run starts, and when it is resumed."""

    lab: str
    controller: Controller
    bundle: str
    """Digest of the bundle."""
    git_commit: str | None
    git_dirty: bool | None


class HostsReady(Part):
    """Journalled when a lane's hosts are prepared."""

    hardware: str
    lane: int
    identity: dict[str, str]
    """What must stay the same within a round, such as the CPU's model."""
    versions: dict[str, str]
    cpu_sets: dict[str, str]
    labels: tuple[str, ...]
    machine: dict[str, str] = {}
    """What the hosts are and how they are set, for the provenance."""
    as_found: dict[str, str] = {}
    """Settings that the run changed, as they were before."""


class Estimate(Part):
    """A cell's median of a metric over its valid trials; from 6 of them on with a distribution-free interval."""

    median: float
    low: float | None = None
    high: float | None = None
    confidence: float | None = None
    n: int


class SearchResult(Part):
    """Where an open load's promises stop being kept."""

    last_pass_rps: int | None
    first_fail_rps: int | None
    lower_bound: bool
    """Whether the server might keep its promises at more than could be asked of it."""
    probes: int
    confirmations: int
    """Restarts of the server that passed again at the last pass."""
    end: str
    """Why the search ended, such as `bracketed`."""


class CellSummary(Part):
    """One cell: how many of its trials count, why the others don't, and its metrics."""

    cell: str
    axes: dict[str, Scalar]
    trials: int
    valid: int
    invalid_reasons: dict[str, int] = {}
    load_model: LoadModel = "open"
    load: str = ""
    """The load that was found for it, in words; empty where the experiment itself gives it."""
    unequal_utilisation: str | None = None
    """Why that load may utilise it less than the others of its step."""
    search: SearchResult | None = None
    calibration: Calibration | None = None
    """What generator and database can do at most with its requests."""
    invalid_evidence: dict[str, str] = {}
    """By reason: the evidence of its first trial."""
    requests: int = 0
    failed_requests: int = 0
    """Of all its trials, the invalid ones too."""
    not_measured: str | None = None
    """Why the cell has no trial at all, such as a failed conformance gate."""
    retired: str | None = None
    """Why it has no more trials than these, and is not ranked: it did not conform any more when the run was resumed."""
    limited_by: dict[str, int] = {}
    """Closed load: what limited its valid trials, and those that something else than the server held back."""
    throughput_at_least_rps: float | None = None
    """Closed load: the median of these trials, where more than a few were limited by something else than the server."""
    remarks: dict[str, int] = {}
    """On its valid trials."""
    remark_evidence: dict[str, str] = {}
    """By remark: the evidence of its first trial."""
    metrics: dict[str, Estimate] = {}

    @property
    def has_result(self) -> bool:
        """Whether it has a figure that counts: of a search, a rate at which the promises were kept, or were not."""
        if self.search:
            return self.search.last_pass_rps is not None or self.search.first_fail_rps is not None
        return self.valid > 0


class UnitCost(Part):
    """What a piece of a scenario's work costs the server: of one cell, or of cells that differ in how much they do."""

    unit: str
    """The piece, such as `MiB`."""
    cells: tuple[str, ...]
    cpu_us: Estimate
    """CPU time of a piece, one value a round."""


class Fitted(Part):
    """A parameter of a fitted law; from 6 rounds on with its bootstrapped 95 % interval."""

    value: float
    low: float | None = None
    high: float | None = None


class Scaling(Part):
    """The Universal Scalability Law of cells that differ in their workers; `statistics.usl` has it."""

    cells: tuple[str, ...]
    rounds: int
    one_worker_rps: Fitted
    contention: Fitted
    """The share of the work that is serial."""
    coherence: Fitted
    """What each pair of workers costs."""
    peak_workers: Fitted | None
    """With the highest throughput; None unless the coherence's interval excludes 0."""
    beyond_sweep: bool
    """Whether that is more workers than were measured: the law's word, not the sweep's."""


Answer = Literal["higher", "lower", "equivalent", "inconclusive", "no interval", "not ranked"]
"""About the ratio candidate / baseline: whether more is better depends on the metric."""


class MetricComparison(Part):
    """The ratio candidate / baseline of one metric, over paired rounds or over trials of two runs."""

    baseline: str
    candidate: str
    metric: str
    unit: str
    ranked: bool
    """False where the method forbids a ranking: closed-loop latency, a p99 of a shared host, a bound."""
    unranked_reason: str | None = None
    paired: bool
    n: int
    """Paired rounds; unpaired: the smaller number of trials."""
    ratio: float | None = None
    low: float | None = None
    high: float | None = None
    bootstrap_low: float | None = None
    bootstrap_high: float | None = None
    p_value: float | None = None
    p_value_holm: float | None = None
    answer: Answer
    rounds_needed: int | None = None
    """For an inconclusive answer: the rounds that would settle it at the margin."""
    smallest_detectable: float | None = None
    """The smallest relative difference that these rounds would find with 80 % power."""


class CriterionResult(Part):
    """Whether one of the experiment's criteria held."""

    text: str
    held: bool | None
    """None where a cell that it speaks of has no such figure, or only a bound of it, or where no ranking is allowed."""
    unranked_reason: str | None = None
    """Why the method forbids to rank cells that it compares, which leaves it undecided."""
    left: float | None = None
    right: float | None = None


class TaskTime(Part):
    """What one task of a playbook took on one host."""

    task: str
    host: str
    seconds: float


class Phase(Part):
    """Wall time of one phase of the run."""

    name: str
    seconds: float
    hosts: dict[str, float] = {}
    """By host, what its tasks took; only for the phase that brings hosts up."""
    slowest: tuple[TaskTime, ...] = ()
    """Its slowest tasks, the slowest first."""


class Provenance(Part):
    """What produced the numbers: enough to produce them again."""

    lab: str
    git_commit: str | None
    git_dirty: bool | None
    seed: int
    machine: dict[str, str]
    """Kernel, CPU model, CPUs, memory and settings of the hosts, by host where they differ."""
    as_found: dict[str, str] = {}
    """Settings that the run changed, as they were before."""
    versions: dict[str, str]
    """Of everything that measured and that was measured."""
    cpu_sets: dict[str, str]


class Summary(StoredFile):
    """`summary.json`: the run in figures."""

    run: str
    experiment: str
    question: str
    answer: str
    target: str
    started_at: str
    ended_at: str
    complete: bool
    labels: tuple[str, ...] = ()
    """What holds for every number, such as `shared-host`."""
    notes: tuple[str, ...] = ()
    margin: float
    rounds_done: int
    stopped_early: bool = False
    look_confidence: float | None = None
    load: str
    """The load in words, such as `open, 300 requests/s`."""
    cells: tuple[CellSummary, ...]
    unit_costs: tuple[UnitCost, ...] = ()
    scalings: tuple[Scaling, ...] = ()
    comparisons: tuple[MetricComparison, ...]
    criteria: tuple[CriterionResult, ...]
    phases: tuple[Phase, ...]
    measuring_share: float
    """Warm-up and windows over the wall time of the rounds."""
    overhead_per_trial_s: float
    rented_usd: float | None = None
    """What the rented hosts have cost: all phases at the price of the dearest hardware value; None where none were."""
    provenance: Provenance
