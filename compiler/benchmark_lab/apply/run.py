"""Applies a bundle: locks the hosts, opens the journal, carries the stages out, and writes the summary."""

from __future__ import annotations

from benchmark_lab import __version__
from benchmark_lab.apply.carry_out import carry_out
from benchmark_lab.apply.conclude import conclude
from benchmark_lab.apply.context import Run
from benchmark_lab.apply.world import World, this_process
from benchmark_lab.hosts.caller import Caller
from benchmark_lab.machine.interrupts import Interrupts
from benchmark_lab.machine.progress import Progress
from benchmark_lab.machine.tools import ToolFailedError, Tools
from benchmark_lab.records import RunStarted, Summary
from benchmark_lab.results.metrics import SHARED_HOST
from benchmark_lab.store.bundles import LoadedBundle, read_bundle
from benchmark_lab.store.journal import Journal
from benchmark_lab.store.run_folder import RunFolder
from benchmark_lab.store.run_state import RunState
from benchmark_lab.store.seal import seal


def apply(
    folder: RunFolder, tools: Tools, mark: str, caller: Caller, progress: Progress, *, world: World | None = None
) -> Summary:
    """Carry out the bundle in a run's folder, or what a run left undone, from locking the hosts to the summary.

    Args:
        folder: the run's folder, with its bundle in it.
        tools: the seam to other programs.
        mark: the mark of the processes that `tools` starts.
        caller: where the run comes from.
        progress: the progress, which is told what happens.
        world: the seam to everything outside of the run.

    Raises:
        ToolFailedError: if a tool or a host failed; nothing is left behind.
        ResourcesRemainError: if something could not be stopped.
        LockedError: if another run holds the hosts, maybe only the hosts of a later hardware value.
        KeyboardInterrupt: if the run was interrupted; nothing is left behind.
        In each case, `apply` summarises in the run's folder what was measured until then, unless the run had no hosts
        yet.
    """
    world = world or World()
    bundle = read_bundle(folder.bundle)
    interrupts = Interrupts(progress.say)
    outcome = RunState(labels=(SHARED_HOST,) if bundle.experiment.hosts.shared else ())
    with (
        interrupts.handled(),
        world.lock(folder.name),
        Journal(folder.journal, world.now, outcome.take, world.fsync) as journal,
    ):
        start = RunStarted(
            lab=__version__,
            controller=this_process(mark),
            bundle=bundle.digest,
            git_commit=caller.git_commit,
            git_dirty=caller.git_dirty,
        )
        if journal.warning:
            progress.say(f"note: {journal.warning}; they are kept in journal.cut")
        _take_up(folder, bundle, outcome, journal, start)
        complete = False
        try:
            carry_out(Run(folder, bundle, tools, caller, progress, journal, interrupts, mark, outcome, world))
            complete = True
        finally:
            with interrupts.shielded("writing the summary"):
                summary = conclude(folder, bundle, outcome, ended_at=world.now(), complete=complete)
                journal.record("run-ended", complete=complete, seal=seal(folder.path))
    return summary


def _take_up(folder: RunFolder, bundle: LoadedBundle, outcome: RunState, journal: Journal, start: RunStarted) -> None:
    """Journal the start of a run, or the continuation of a run after an interruption.

    Raises:
        ToolFailedError: if the bundle is not the bundle that the run began with.
    """
    if outcome.start is None:
        journal.record("run-started", **start.model_dump(mode="json"))
        return
    require_its_bundle(folder, bundle, outcome)
    journal.record("run-resumed", **start.model_dump(mode="json"))
    folder.restore(outcome.trials, bundle.cells.cells)


def require_its_bundle(folder: RunFolder, bundle: LoadedBundle, outcome: RunState) -> None:
    """Refuse to go on with a run whose bundle was changed.

    Raises:
        ToolFailedError: the bundle is not the one that the run began with.
    """
    if outcome.start and outcome.start.bundle != bundle.digest:
        raise ToolFailedError(
            f"{folder.bundle} is not the bundle that run {folder.run} began with",
            next_step="run the experiment anew: `lab apply`",
        )
