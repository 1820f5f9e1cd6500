"""Makes the summary of what a run has come to, whether the run is whole or was cut short."""

from __future__ import annotations

from collections.abc import Sequence

from benchmark_lab import __version__
from benchmark_lab.hosts.facts import describe
from benchmark_lab.records import Phase, Provenance, Summary
from benchmark_lab.report.answer import answered
from benchmark_lab.report.markdown import render
from benchmark_lab.results.summary import RunFacts, summarise
from benchmark_lab.store.bundles import LoadedBundle
from benchmark_lab.store.run_folder import RunFolder
from benchmark_lab.store.run_state import MEASURE, RunState


def conclude(folder: RunFolder, bundle: LoadedBundle, outcome: RunState, *, ended_at: str, complete: bool) -> Summary:
    """Write the summary of what the run has come to, and return the summary."""
    experiment, start = bundle.experiment, outcome.start
    provenance = Provenance(
        lab=start.lab if start else __version__,
        git_commit=start.git_commit if start else None,
        git_dirty=start.git_dirty if start else None,
        seed=experiment.seed,
        machine=outcome.machine or describe(),
        as_found=outcome.as_found,
        versions=outcome.versions,
        cpu_sets=outcome.cpu_sets,
    )
    phases = _whole(outcome.phases)
    facts = RunFacts(
        run=folder.run,
        started_at=outcome.started_at,
        ended_at=ended_at,
        complete=complete,
        provenance=provenance,
        phases=phases,
        rounds_wall_s=sum(phase.seconds for phase in phases if phase.name == MEASURE),
        labels=outcome.labels,
        notes=(*experiment.notes, *outcome.notes),
        excluded=outcome.excluded,
        stopped_early=outcome.settled == {shape.name for shape in experiment.hardware},
        searches=outcome.searches,
        unequal_utilisation=outcome.unequal_utilisation,
        calibrations={
            cell: of
            for lane in sorted(outcome.calibrations, reverse=True)
            for cell, of in outcome.calibrations[lane].items()
        },
    )
    summary = answered(summarise(experiment, bundle.cells.cells, outcome.trials, facts))
    folder.conclude(summary, render(summary, experiment))
    return summary


def _whole(phases: Sequence[Phase]) -> tuple[Phase, ...]:
    """Return one phase for each name, as long as all phases of that name together.

    A resumed run, and a run of several hardware values, has several phases of one name.
    """
    found: dict[str, Phase] = {}
    for phase in phases:
        before = found[phase.name].seconds if phase.name in found else 0.0
        found[phase.name] = phase.model_copy(update={"seconds": before + phase.seconds})
    return tuple(found.values())
