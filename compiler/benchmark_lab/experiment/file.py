"""The models of `experiments/<name>.yaml`; their docstrings are what editors show."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, PlainValidator, WithJsonSchema, model_validator

from benchmark_lab import bundle
from benchmark_lab.experiment.criteria import CriterionText
from benchmark_lab.experiment.hardware import HardwareValue
from benchmark_lab.experiment.loads import AnyLoad, CapacityThenLatency
from benchmark_lab.source.expression import EXPRESSION_SCHEMAS, Expression, read_expression
from benchmark_lab.source.quantity import counted
from benchmark_lab.source.shape import OneOrMany, PlainScalar, Slug, Written

WorkerCount = Expression | Literal["recommended"]


def read_workers(value: object) -> WorkerCount:
    """Read one value of the workers axis: a number, an expression over `cpu`, or `recommended`."""
    if value == "recommended":
        return "recommended"
    try:
        return read_expression(value)
    except ValueError as error:
        raise ValueError(f"{error}, or `recommended`") from None


def workers_text(value: WorkerCount) -> str:
    """Write a value of the workers axis as the experiment has it."""
    return value.text if isinstance(value, Expression) else value


WorkersValue = Annotated[
    WorkerCount,
    PlainValidator(read_workers),
    WithJsonSchema({"anyOf": [*EXPRESSION_SCHEMAS, {"const": "recommended"}]}),
]
MatrixEntry = Annotated[dict[str, PlainScalar], Field(min_length=1)]


class Matrix(Written):
    """What is combined with what; every further key is a parameter that a manifest declares."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, OneOrMany[PlainScalar]]

    implementation: OneOrMany[str]
    """Folders of `implementations/`."""
    server: OneOrMany[str] = ()
    """Servers of the manifests; by default each implementation's own default."""
    scenario: OneOrMany[str]
    """Files of `scenarios/`, without their ending."""
    exclude: tuple[MatrixEntry, ...] = ()
    """Combinations to leave out: each that has all values of an entry."""
    include: tuple[MatrixEntry, ...] = ()
    """Combinations to add, after `exclude`."""

    @property
    def parameters(self) -> dict[str, tuple[str | int | float | bool, ...]]:
        """The axes that manifests declare."""
        return dict(self.__pydantic_extra__)


class Until(Written):
    """When no further round is needed."""

    ci_half_width: Annotated[bundle.Share, Field(gt=0)]
    """Relative half-width at which a comparison is settled, such as `3%`."""


class Rounds(Written):
    """How often each cell is measured."""

    min: Annotated[int, Field(ge=1, le=1000)] | None = None
    """Rounds that always run; by default 6 with `until`, else `max`."""
    max: Annotated[int, Field(ge=1, le=1000)] = 10
    """At most this many. Without `until`, more than `min` run only where trials were lost (or while other lanes
    finish theirs)."""
    until: Until | None = None

    @property
    def least(self) -> int:
        """The rounds that always run."""
        return self.min if self.min is not None else min(6, self.max) if self.until else self.max

    @property
    def words(self) -> str:
        """The number of rounds in words, such as `6 to 10 rounds`."""
        least = f"{self.least} to " if self.least < self.max else ""
        return f"{least}{counted(self.max, 'round')}"

    @model_validator(mode="after")
    def _is_a_range(self) -> Self:
        if self.least > self.max:
            raise ValueError(f"must have min at most max, and max is {self.max}")
        return self


class Budget(bundle.RunBudget, Written):
    """What the run may cost at most."""


class OwnThresholds(bundle.Thresholds, Written):
    """When a trial is invalid, where the experiment needs other thresholds than the usual ones."""


class ExperimentFile(Written):
    """One question, and the measurements that answer it."""

    schema_version: Annotated[Literal[1], Field(alias="schema")]
    """The version of this format."""
    name: Annotated[Slug, Field(max_length=60)]
    """The file's name without its ending."""
    question: Annotated[str, Field(min_length=1, max_length=300)]
    """What the experiment answers, in one sentence."""
    target: str
    """Where it runs."""
    hardware: OneOrMany[HardwareValue] = ()
    """The shape of the hosts; a list of named shapes is an axis."""
    workers: OneOrMany[WorkersValue] = ("recommended",)
    """Worker processes of a server: numbers, expressions over `cpu` (the sut's CPUs), or `recommended`."""
    matrix: Matrix
    load: AnyLoad = CapacityThenLatency(model="capacity-then-latency")
    """How much load the trials get."""
    rounds: Rounds = Rounds()
    lanes: Annotated[int, Field(ge=1, le=100)] = 1
    """Sets of hosts that work in parallel."""
    seed: Annotated[int, Field(ge=0, le=2**53 - 1)] = 1
    """Draws the order of trials and the inputs of scenarios."""
    baseline: MatrixEntry | None = None
    """The cells that others are compared with; by default the first value of each axis.

    Cells are compared under the same hardware and scenario parameters, but for those that are named here.
    """
    budget: Budget = Budget()
    thresholds: OwnThresholds = OwnThresholds()
    criteria: tuple[CriterionText, ...] = ()
    """Statements that must hold, such as `throughput_rps(workers=4) >= 1.5 * throughput_rps(workers=1)`."""
