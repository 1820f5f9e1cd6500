"""The file `summary.json`: what all trials of a run come to."""

from __future__ import annotations

from typing import Literal

from benchmark_lab.bundle import LoadModel, Part, Scalar, StoredFile
from benchmark_lab.records.observations import Calibration


class Estimate(Part):
    """A cell's median of a metric over its valid trials, with a distribution-free interval from 6 trials on."""

    median: float
    low: float | None = None
    high: float | None = None
    confidence: float | None = None
    n: int


class SearchResult(Part):
    """The result of a search: the rates at which an open load's objectives stop being kept."""

    last_pass_rps: int | None
    first_fail_rps: int | None
    lower_bound: bool
    """True if the server might keep its objectives at a higher rate than the search could ask for."""
    probes: int
    confirmations: int
    """Restarts of the server that passed again at the last pass."""
    end: str
    """Reason why the search ended, such as `bracketed`."""


class CellSummary(Part):
    """One cell: how many of its trials count, why the other trials do not count, and the cell's metrics."""

    cell: str
    axes: dict[str, Scalar]
    trials: int
    valid: int
    invalid_reasons: dict[str, int] = {}
    load_model: LoadModel = "open"
    load: str = ""
    """Load in words that was found for the cell; empty where the experiment itself gives the load."""
    unequal_utilisation: str | None = None
    """Reason why the load may utilise the cell less than the other cells of its step."""
    search: SearchResult | None = None
    calibration: Calibration | None = None
    """The most that generator and database can do with the cell's requests."""
    invalid_evidence: dict[str, str] = {}
    """Evidence of the first invalid trial, by reason."""
    requests: int = 0
    failed_requests: int = 0
    """Failed requests of all the cell's trials, the invalid trials too."""
    excluded: str | None = None
    """Reason why the cell has no trial at all, such as a failed conformance gate."""
    retired: str | None = None
    """Reason why the cell has no more trials and is not ranked: the cell did not conform when the run was resumed."""
    bottlenecks: dict[str, int] = {}
    """Closed load: number of trials by bottleneck.

    The trials are the valid ones, and those trials that something else than the server held back.
    """
    throughput_at_least_rps: float | None = None
    """Closed load: median throughput of the trials that `bottlenecks` counts.

    The median is None unless something else than the server limited more than a few trials.
    """
    warnings: dict[str, int] = {}
    """Number of the cell's valid trials with each warning."""
    warning_evidence: dict[str, str] = {}
    """Evidence of the first trial with each warning, by warning."""
    metrics: dict[str, Estimate] = {}

    @property
    def has_result(self) -> bool:
        """True if the cell has a figure that counts.

        The figure of a search is a rate at which the server kept the objectives, or did not keep the objectives.
        """
        if self.search:
            return self.search.last_pass_rps is not None or self.search.first_fail_rps is not None
        return self.valid > 0


class UnitCost(Part):
    """The server's cost of one piece of a scenario's work.

    The cost is that of one cell, or of cells that differ in how much work their requests do.
    """

    unit: str
    """Name of the piece, such as `MiB`."""
    cells: tuple[str, ...]
    cpu_us: Estimate
    """Microseconds of CPU time of a piece, one value a round."""


class Fitted(Part):
    """A parameter of a fitted law, with a bootstrapped 95 % interval from 6 rounds on."""

    value: float
    low: float | None = None
    high: float | None = None


class Scaling(Part):
    """The Universal Scalability Law of cells that differ in their workers; `statistics.usl` has the law."""

    cells: tuple[str, ...]
    rounds: int
    one_worker_rps: Fitted
    contention: Fitted
    """The share of the work that is serial."""
    coherence: Fitted
    """Cost of each pair of workers."""
    peak_workers: Fitted | None
    """Workers with the highest throughput; None unless the coherence's interval excludes 0."""
    beyond_sweep: bool
    """True if `peak_workers` is more workers than were measured: the law says so, not the sweep."""


Answer = Literal["higher", "lower", "equivalent", "inconclusive", "no interval", "not ranked"]
"""Answer about the ratio candidate / baseline; the metric decides whether more is better."""


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
    """Number of paired rounds; without pairs, the smaller number of trials."""
    ratio: float | None = None
    low: float | None = None
    high: float | None = None
    bootstrap_low: float | None = None
    bootstrap_high: float | None = None
    p_value: float | None = None
    p_value_holm: float | None = None
    answer: Answer
    rounds_needed: int | None = None
    """Rounds that would settle an inconclusive answer at the margin."""
    smallest_detectable: float | None = None
    """The smallest relative difference that these rounds would find with 80 % power."""


class CriterionResult(Part):
    """The result of one of the experiment's criteria: whether the criterion held."""

    text: str
    held: bool | None
    """True if the criterion held; None if a cell has no such figure or only a bound, or if no ranking is allowed."""
    unranked_reason: str | None = None
    """Reason why the method forbids to rank the criterion's cells, which leaves the criterion undecided."""
    left: float | None = None
    right: float | None = None


class TaskTime(Part):
    """The seconds that one task of a playbook took on one host."""

    task: str
    host: str
    seconds: float


class Phase(Part):
    """Wall time of one phase of the run."""

    name: str
    seconds: float
    hosts: dict[str, float] = {}
    """Seconds that each host's tasks took, by host; only for the phase that brings hosts up."""
    slowest: tuple[TaskTime, ...] = ()
    """Slowest tasks of the phase, the slowest first."""


class Provenance(Part):
    """The origin of the numbers: enough to produce the numbers again."""

    lab: str
    git_commit: str | None
    git_dirty: bool | None
    seed: int
    machine: dict[str, str]
    """Kernel, CPU model, CPUs, memory and settings of the hosts, by host where they differ."""
    as_found: dict[str, str] = {}
    """Settings of the hosts before the run changed the settings."""
    versions: dict[str, str]
    """Versions of everything that measured and of everything that was measured."""
    cpu_sets: dict[str, str]


class Summary(StoredFile):
    """`summary.json`: the run in figures."""

    run: str
    experiment: str
    question: str
    answer: str = ""
    target: str
    started_at: str
    ended_at: str
    complete: bool
    labels: tuple[str, ...] = ()
    """Labels that hold for every number, such as `shared-host`."""
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
    """Share of the rounds' wall time that warm-ups and windows took."""
    overhead_per_trial_s: float
    rented_usd: float | None = None
    """US dollars that rented hosts cost in all phases, at the price of the dearest hardware value; None without any."""
    provenance: Provenance
