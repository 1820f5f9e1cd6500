"""What a run has come to, whole or cut short, made into its summary."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from benchmark_lab import __version__
from benchmark_lab.inventory import Inventory
from benchmark_lab.results.markdown import render
from benchmark_lab.results.summary import RunFacts, summarise
from benchmark_lab.run import Calibration, Phase, Provenance, SearchResult, Summary, Trial
from benchmark_lab.runtime.machine import describe
from benchmark_lab.runtime.record import RunFolder
from benchmark_lab.runtime.store import LoadedBundle

MEASURE = "measure"
"""The phase of the rounds."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a run comes from: what only the caller can know."""

    project: Path
    git_commit: str | None
    git_dirty: bool | None
    environment: Mapping[str, str]
    inventory: Inventory | None = None
    """The hosts that the user listed."""


@dataclass(slots=True)
class Outcome:
    """What a run has come to so far: whole at its end, partial after an interruption."""

    started_at: str
    trials: list[Trial] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    """Why a cell, by id, was not measured."""
    calibrations: dict[str, Calibration] = field(default_factory=dict)
    """What generator and database can do at most with a cell's requests, by its id."""
    searches: dict[str, SearchResult] = field(default_factory=dict)
    """What a cell's search, by id, found."""
    stopped_early: bool = False
    phases: list[Phase] = field(default_factory=list)
    labels: tuple[str, ...] = ()
    machine: Mapping[str, str] = field(default_factory=describe)
    """What the hosts are."""
    versions: dict[str, str] = field(default_factory=dict)
    cpu_sets: dict[str, str] = field(default_factory=dict)


def conclude(
    folder: RunFolder, bundle: LoadedBundle, origin: Origin, outcome: Outcome, *, ended_at: str, complete: bool
) -> Summary:
    """Write the summary of what there is."""
    experiment = bundle.experiment
    provenance = Provenance(
        lab=__version__,
        git_commit=origin.git_commit,
        git_dirty=origin.git_dirty,
        seed=experiment.seed,
        machine=dict(outcome.machine),
        versions=outcome.versions,
        cpu_sets=outcome.cpu_sets,
    )
    facts = RunFacts(
        run=folder.run,
        started_at=outcome.started_at,
        ended_at=ended_at,
        complete=complete,
        provenance=provenance,
        phases=tuple(outcome.phases),
        rounds_wall_s=sum(phase.seconds for phase in outcome.phases if phase.name == MEASURE),
        labels=outcome.labels,
        notes=experiment.notes,
        not_measured=outcome.refused,
        stopped_early=outcome.stopped_early,
        searches=outcome.searches,
        calibrations=outcome.calibrations,
    )
    summary = summarise(experiment, bundle.cells.cells, outcome.trials, facts)
    folder.conclude(summary, render(summary, experiment))
    return summary
