"""An experiment whose every name is found and every default filled: the input of the plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from benchmark_lab.bundle import Criterion, Hardware, LoadAsked, RoundCount, RunBudget, Scalar, Thresholds
from benchmark_lab.catalog import Catalog, Target
from benchmark_lab.experiment import Changes
from benchmark_lab.experiment.file import WorkerCount
from benchmark_lab.resolve.loads import Level
from benchmark_lab.source import Document, Path

T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Choice(Generic[T_co]):
    """One value of an axis, and where the experiment names it."""

    value: T_co
    path: Path


@dataclass(frozen=True, slots=True)
class Selector:
    """The cells that have all these values: an entry of `exclude` or `include`, or the baseline."""

    path: Path
    values: Mapping[str, Scalar]
    workers: WorkerCount | None = None
    """The value of `workers`, which is an expression, apart from the plain `values`."""

    @property
    def axes(self) -> tuple[str, ...]:
        """The axes that it names."""
        return (*self.values, *(["workers"] if self.workers is not None else []))

    def only(self, axis: str) -> Selector:
        """Return the selector that names nothing but `axis`."""
        values = {name: value for name, value in self.values.items() if name == axis}
        return replace(self, values=values, workers=self.workers if axis == "workers" else None)

    def without(self, axis: str) -> Selector | None:
        """Return the selector that leaves `axis` open; None where it named nothing else."""
        values = {name: value for name, value in self.values.items() if name != axis}
        return replace(self, values=values) if values or self.workers is not None else None


@dataclass(frozen=True, slots=True)
class ResolvedExperiment:
    """Everything that an experiment asks for."""

    document: Document
    catalog: Catalog
    changes: Changes
    name: str
    question: str
    target_name: str
    target: Target
    hardware: tuple[Choice[Hardware], ...]
    sized_by_rate: frozenset[str]
    """The hardware values whose load hosts the plan counts."""
    most_load_hosts: int
    """For the virtual users that the load has."""
    implementations: tuple[Choice[str], ...]
    servers: tuple[Choice[str | None], ...]
    """None is the implementation's default."""
    workers: tuple[Choice[WorkerCount], ...]
    scenarios: tuple[Choice[str], ...]
    parameters: Mapping[str, tuple[Choice[Scalar], ...]]
    exclude: tuple[Selector, ...]
    include: tuple[Selector, ...]
    baseline: Selector | None
    load: LoadAsked
    levels: tuple[Level, ...]
    """The steps of the load."""
    rounds: RoundCount
    lanes: int
    seed: int
    budget: RunBudget
    thresholds: Thresholds
    criteria: tuple[Choice[Criterion], ...]
    notes: tuple[str, ...]
