"""The files of a bundle: what the compiler writes and `lab apply` reads, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

SCHEMA = 1

Scalar = str | int | float | bool
Role = Literal["sut", "load", "db", "upstream"]
HostSource = Literal["machine", "testbed", "inventory", "terraform"]
"""Where hosts come from: this machine plays every role or carries a testbed, somebody has them, or they are rented."""


class Part(BaseModel):
    """A piece of a stored file: unknown keys are ignored, so that an older `lab` reads a newer bundle's extras."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class StoredFile(Part):
    """A stored file: carries its schema and refuses one that is newer than this program."""

    model_config = ConfigDict(frozen=True, extra="ignore", validate_by_name=True, serialize_by_alias=True)

    schema_version: int = Field(default=SCHEMA, alias="schema")

    @model_validator(mode="after")
    def _refuse_newer(self) -> StoredFile:
        if self.schema_version > SCHEMA:
            msg = f"written with schema {self.schema_version}; this lab reads up to {SCHEMA}: update it"
            raise ValueError(msg)
        return self


class HostShape(Part):
    """What one role's host offers: `cpus` is the CPU set that the role's processes get."""

    cpus: int | None = None
    type: str | None = None
    count: int = 1


class Hardware(Part):
    """One named hardware value: the shape of each role's host."""

    name: str
    sut: HostShape = HostShape()
    load: HostShape = HostShape()
    db: HostShape = HostShape()


class BundledImplementation(Part):
    """One implementation: where its sources lie in the bundle and how they are built."""

    name: str
    language: str
    framework: str
    sources: str
    """Folder of the copied sources, relative to the bundle's `files/`."""
    build: tuple[tuple[str, ...], ...]
    """Command lines, run in the sources' folder; `{build}` is the folder of the outcome."""
    build_on: Literal["controller", "host"]
    versions: tuple[str, ...] = ()
    """Command line, run in the build's folder, that prints the versions of what was built, one a line."""
    known_differences: tuple[str, ...] = ()


class Work(Part):
    """What a request does more of as one of its scenario's parameters grows."""

    parameter: str
    unit: str
    """One piece of it, in the singular."""
    whole: bool
    """Whether it is all that a request does, so that one without any costs nothing."""


class BundledScenario(Part):
    """One scenario: its k6 script in the bundle and what a report says of it."""

    name: str
    script: str
    """Path of the script, relative to the bundle's `files/`."""
    pgbench: str | None = None
    """Path of its statements for pgbench, if it is the database that it is about."""
    endpoints: tuple[str, ...]
    """The operations that it calls, by the operationIds of `spec/openapi.yaml`."""
    measures: str
    writes: bool
    """Whether it changes the database, which is then reset before each trial."""
    work: Work | None = None
    """What the CPU time of a piece is told of."""


LoadModel = Literal["closed", "open"]


class Load(Part):
    """How much load a trial gets."""

    model: LoadModel
    vus: int
    """Closed: the virtual users. Open: the virtual users kept ready."""
    rate_per_s: float | None = None
    arrivals: Literal["uniform", "poisson"] = "uniform"
    warmup_s: float
    measure_s: float


class SoughtLoad(Part):
    """A load whose amount is found by probing before the rounds."""

    model: Literal["capacity", "equal-rate", "equal-utilisation", "slo-search"]
    """The best of a ladder of virtual users; an open rate made of such capacities; or a rate that keeps promises."""

    @property
    def measured_as(self) -> LoadModel:
        """The model of its trials."""
        return "closed" if self.model == "capacity" else "open"


SAMPLES = {"latency_p50_ms": 100, "latency_p90_ms": 1_000, "latency_p99_ms": 10_000, "latency_p999_ms": 100_000}
"""Requests that a percentile needs before it is reported (METHOD 8: 100/(1-q); the median is content with 100)."""


class Promise(Part):
    """An upper limit of a latency, which a search for the highest rate holds on to."""

    text: str
    """As the user wrote it."""
    metric: Literal["latency_p50_ms", "latency_p90_ms", "latency_p99_ms", "latency_p999_ms"]
    below: float
    """In milliseconds."""


class LoadAsked(Part):
    """The load that an experiment asks for; several steps are an axis of its cells."""

    model: Literal["closed", "open", "slo-search", "capacity-then-latency"]
    vus: tuple[int, ...] = ()
    """Closed: the steps. Capacity: the ladder; empty where it doubles."""
    rates_per_s: tuple[float, ...] = ()
    """Open: the steps."""
    arrivals: Literal["uniform", "poisson"] = "uniform"
    promises: tuple[Promise, ...] = ()
    warmup_s: float
    measure_s: float


class Rounds(Part):
    """How many rounds: at least `min`, then on until every contrast's interval is narrow enough, at most `max`."""

    min: int
    max: int
    ci_half_width: float | None = None
    """Relative half-width at which a contrast is settled (0.03 is 3 %); None: always `max` rounds."""


class Budget(Part):
    """What a run may cost at most."""

    usd: float | None = None
    hours: float | None = None


class Limits(Part):
    """When a trial is invalid; shares are fractions of 1 (METHOD.md 10)."""

    errors: float = 0.001
    """Failed requests over all requests."""
    achieved: float = 0.99
    """Open load: achieved over offered rate, at least."""
    generator_cpu: float = 0.8
    """k6's CPU time over the time of its CPU set."""
    generator_cpus_busy: float = 0.95
    """Busy time of the load's CPU set, whoever uses it."""
    generator_share: float = 0.5
    """Throughput over the generator's calibrated rate, at most."""
    lag_ms: float = 2.0
    """Open load: how late iterations may begin, at p99; ten times that on a shared machine; or a tenth of the p99
    latency, if that is more."""
    database_cpu: float = 0.7
    """PostgreSQL's CPU time over the time of its CPU set, at most."""
    database_share: float = 0.7
    """Transactions over the database's calibrated rate, at most."""
    upstream_cpu: float = 0.7
    """The simulated external API's CPU time over the time of its CPU set, at most."""
    littles_law: float = 0.05
    """Closed load: how far throughput times latency may be from the virtual users."""
    drift: float = 0.03
    """Change of the throughput over the window from which on it has no steady state."""
    steal: float = 0.01
    """Time that the hypervisor took from a role's CPUs, at most; ten times that where all roles share one machine."""
    others_cpu: float = 0.1
    """CPU time of other processes than the server's over the time of its CPU set, at most."""
    requests: int = 100
    """Requests in a window, at least."""
    worker_imbalance: float = 1.5
    """The busiest worker's CPU time over the workers' mean from which on a remark says so."""


class Number(Part):
    """A literal of a criterion."""

    kind: Literal["number"] = "number"
    value: float


class Metric(Part):
    """The median of a metric over the cells that `where` selects."""

    kind: Literal["metric"] = "metric"
    name: str
    where: dict[str, Scalar]


class Arithmetic(Part):
    """Two operands of a criterion, joined."""

    kind: Literal["arithmetic"] = "arithmetic"
    operator: Literal["+", "-", "*", "/"]
    left: Operand
    right: Operand


Operand = Annotated[Number | Metric | Arithmetic, Field(discriminator="kind")]


class Criterion(Part):
    """A statement that must hold for the experiment to succeed; `text` is what the user wrote."""

    text: str
    operator: Literal["<", "<=", ">", ">="]
    left: Operand
    right: Operand


class Contrast(Part):
    """Two cells to compare, by id; the ratio is candidate over baseline."""

    baseline: str
    candidate: str


class TargetHosts(Part):
    """What the target says of an experiment's hosts."""

    source: HostSource = "machine"
    shared: bool = True
    """Whether all roles share one machine."""
    installs: bool = False
    """Whether a run may install the Debian packages that a host lacks."""
    usd_per_hour: dict[str, float] = {}
    """What a set of rented hosts costs, by hardware value."""

    @property
    def changeable(self) -> tuple[str, ...]:
        """What a run may set otherwise: nothing of somebody's hosts, nor what those on one machine have in common."""
        if not self.installs:
            return ()
        return ("network",) if self.shared else ("network", "cpus")


class Experiment(StoredFile):
    """`experiment.json`: everything about the experiment except its cells and their order."""

    name: str
    question: str
    target: str
    hosts: TargetHosts = TargetHosts()
    hardware: tuple[Hardware, ...]
    implementations: tuple[BundledImplementation, ...]
    scenarios: tuple[BundledScenario, ...]
    load: LoadAsked
    rounds: Rounds
    lanes: int
    seed: int
    budget: Budget
    limits: Limits
    contrasts: tuple[Contrast, ...]
    criteria: tuple[Criterion, ...]
    notes: tuple[str, ...]
    """What the compiler wants a reader of the results to know, such as a hardware default or a shortened run."""


class Cell(Part):
    """One combination of the matrix: how its server is started and its k6 parametrised."""

    id: str
    implementation: str
    server: str
    workers: int
    scenario: str
    hardware: str
    parameters: dict[str, Scalar]
    command: tuple[str, ...]
    """Server's argv with the run-time placeholders `{build}`, `{host}` and `{port}`."""
    env: dict[str, str]
    """The server's environment, but for addresses and secrets."""
    helper_processes: tuple[str, ...] = ()
    """Words of the command lines of processes that look like workers and are none."""
    multithreaded: bool = False
    """Whether a worker may use several CPUs at once."""
    k6_env: dict[str, str]
    upstream: dict[str, Scalar] = {}
    """Settings of the simulated external API."""
    load: Annotated[Load | SoughtLoad, Field(discriminator="model")]

    @property
    def load_model(self) -> LoadModel:
        """The model of its trials."""
        return self.load.model if isinstance(self.load, Load) else self.load.measured_as


class Cells(StoredFile):
    """`cells.json`: every cell once; a cell is referred to by its index or its id."""

    cells: tuple[Cell, ...]


class Block(Part):
    """The rounds of one hardware value: each is a permutation of the same cells, as indices into `cells.json`."""

    hardware: str
    rounds: tuple[tuple[int, ...], ...]


class Schedule(StoredFile):
    """`schedule.json`: the order of everything, drawn once from the seed."""

    seed: int
    blocks: tuple[Block, ...]


class RentedHosts(Part):
    """What Terraform is to rent for one role of a lane."""

    type: str
    architecture: Literal["amd64", "arm64"]
    count: int


class TerraformVariables(Part):
    """`terraform.tfvars.json`: what is known of rented hosts before a run."""

    region: str
    lanes: int
    hardware: dict[str, dict[Literal["sut", "load", "db"], RentedHosts]]
    hours: float
    """How long a host lives at most."""


class CopiedFile(Part):
    """One tracked file that apply needs, copied to `files/<path>`."""

    path: str
    sha256: str


class CopiedFiles(StoredFile):
    """`files.json`: the list of the copies."""

    files: tuple[CopiedFile, ...]


@dataclass(frozen=True, slots=True)
class Bundle:
    """A compiled experiment before it is written: `files` by path, and the tracked `copies` that go below `files/`."""

    files: Mapping[str, str]
    copies: tuple[str, ...]
    """Files and folders of the project, relative to its root."""
