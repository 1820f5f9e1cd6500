"""`summary.json`: what all trials of a run come to."""

from __future__ import annotations

from typing import Literal

from benchmark_lab.bundle import LoadModel, Part, Scalar, StoredFile
from benchmark_lab.records.observations import Calibration


class Estimate(Part):
    """A cell's median of a metric over its valid trials; from 6 of them on with a distribution-free interval."""

    median: float
    low: float | None = None
    high: float | None = None
    confidence: float | None = None
    n: int


class SearchResult(Part):
    """Where an open load's objectives stop being kept."""

    last_pass_rps: int | None
    first_fail_rps: int | None
    lower_bound: bool
    """Whether the server might keep its objectives at more than could be asked of it."""
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
    excluded: str | None = None
    """Why the cell has no trial at all, such as a failed conformance gate."""
    retired: str | None = None
    """Why it has no more trials than these, and is not ranked: it did not conform any more when the run was resumed."""
    bottlenecks: dict[str, int] = {}
    """Closed load: what limited its valid trials, and those that something else than the server held back."""
    throughput_at_least_rps: float | None = None
    """Closed load: the median of these trials, where more than a few were limited by something else than the server."""
    warnings: dict[str, int] = {}
    """On its valid trials."""
    warning_evidence: dict[str, str] = {}
    """By warning: the evidence of its first trial."""
    metrics: dict[str, Estimate] = {}

    @property
    def has_result(self) -> bool:
        """Whether it has a figure that counts: of a search, a rate at which the objectives were kept, or were not."""
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
    answer: str = ""
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
