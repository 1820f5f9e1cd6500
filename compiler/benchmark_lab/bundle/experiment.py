"""The file `experiment.json`: everything about the experiment except its cells and their order."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from benchmark_lab.bundle.cells import Contrast
from benchmark_lab.bundle.criteria import Criterion
from benchmark_lab.bundle.file import Part, StoredFile
from benchmark_lab.bundle.hosts import Hardware, TargetHosts
from benchmark_lab.bundle.languages import BundledLanguage, BundledToolchain
from benchmark_lab.bundle.load import LoadAsked
from benchmark_lab.bundle.operations import BundledOperation
from benchmark_lab.bundle.thresholds import Thresholds


class BundledImplementation(Part):
    """One implementation: where its sources lie in the bundle, and how the sources are built."""

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


class BundledWork(Part):
    """The work that a request does more of as one of its scenario's parameters grows."""

    parameter: str
    unit: str
    """Name of one piece of the work, in the singular."""
    whole: bool
    """True if the work is all that a request does: a request without any work then costs nothing."""


class BundledScenario(Part):
    """One scenario: its k6 script in the bundle, and what a report says of the scenario."""

    name: str
    script: str
    """Path of the script, relative to the bundle's `files/`."""
    pgbench: str | None = None
    """Path of the scenario's statements for pgbench, if the scenario is about the database."""
    operations: dict[str, BundledOperation]
    """Operations that the scenario calls, by their operationId."""
    measures: str
    writes: bool
    """True if the scenario changes the database, which is then reset before each trial."""
    work: BundledWork | None = None
    """Work whose CPU time results tell piece by piece."""

    @property
    def tables(self) -> list[str]:
        """Return the tables that the scenario's requests add rows to."""
        return sorted({table for operation in self.operations.values() for table in operation.effects})


class RoundCount(Part):
    """The number of rounds: at least `min`, and at most `max`.

    Further rounds than `min` follow where trials were lost or the half-width asks for more rounds.
    """

    min: int
    max: int
    ci_half_width: float | None = None
    """Relative half-width at which a contrast is settled (0.03 is 3 %); no run ends before. None: any half-width."""


class RunBudget(Part):
    """The most that a run may cost."""

    usd: Annotated[float, Field(ge=0)] | None = None
    hours: Annotated[float, Field(gt=0)] | None = None


class Experiment(StoredFile):
    """`experiment.json`: everything about the experiment except its cells and their order."""

    name: str
    question: str
    target: str
    hosts: TargetHosts
    hardware: tuple[Hardware, ...]
    languages: tuple[BundledLanguage, ...] = ()
    """Languages of the implementations."""
    implementations: tuple[BundledImplementation, ...]
    scenarios: tuple[BundledScenario, ...]
    load: LoadAsked
    rounds: RoundCount
    lanes: int
    seed: int
    budget: RunBudget
    thresholds: Thresholds
    contrasts: tuple[Contrast, ...]
    criteria: tuple[Criterion, ...]
    notes: tuple[str, ...]
    """Facts that the compiler wants a reader of the results to know, such as a hardware default or a shortened run."""

    @property
    def toolchains(self) -> dict[str, BundledToolchain]:
        """Return the toolchain of each implementation whose language has one, by the implementation's name."""
        of_language = {each.name: each.toolchain for each in self.languages}
        return {each.name: found for each in self.implementations if (found := of_language.get(each.language))}
