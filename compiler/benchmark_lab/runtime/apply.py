"""Carries a bundle out: prepare the hosts, prove the implementations, measure round after round, clean up."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random

from benchmark_lab import __version__
from benchmark_lab.bundle import Block, Cell, Load
from benchmark_lab.results.cells import summarise_cells
from benchmark_lab.results.comparisons import precise_enough
from benchmark_lab.results.metrics import SHARED_HOST
from benchmark_lab.run import HostsReady, RoundKey, RunStarted, Summary, Trial
from benchmark_lab.runtime import probing
from benchmark_lab.runtime.calibration import calibrate
from benchmark_lab.runtime.conclusion import conclude
from benchmark_lab.runtime.hosts import Hosts, Wanted
from benchmark_lab.runtime.interrupts import Interrupts
from benchmark_lab.runtime.journal import Journal
from benchmark_lab.runtime.outcome import MEASURE, Origin, Outcome, left_of
from benchmark_lab.runtime.outside import Outside, this_process
from benchmark_lab.runtime.progress import Progress
from benchmark_lab.runtime.record import RunFolder
from benchmark_lab.runtime.rounds import LANE, Rounds
from benchmark_lab.runtime.seal import seal
from benchmark_lab.runtime.secret import Secrets, new_secrets
from benchmark_lab.runtime.store import LoadedBundle, read_bundle
from benchmark_lab.runtime.tools import ToolFailedError, Tools

LADDER_PROBES = 4
SEARCH_PROBES = 8
"""What a ladder and a search mostly take, for the progress."""


@dataclass(slots=True)
class Run:
    """One application of a bundle, or what is left of it."""

    folder: RunFolder
    bundle: LoadedBundle
    tools: Tools
    origin: Origin
    progress: Progress
    journal: Journal
    interrupts: Interrupts
    mark: str
    """Marks the processes that the controller starts."""
    outcome: Outcome
    outside: Outside
    secrets: Secrets = field(default_factory=new_secrets)

    def carry_out(self) -> None:
        """Do everything that is not done yet, and clean up whatever happens; `outcome` holds what it came to."""
        self.outside.reap(self.origin.project, self.tools, self.origin.environment, self.progress.say)
        for block in self.bundle.schedule.blocks:
            if not self._is_done(block):
                self._carry_out_block(block)

    def _cells(self, block: Block) -> list[Cell]:
        """What is left to measure of one hardware value."""
        return left_of((self.bundle.cells.cells[index] for index in sorted(block.rounds[0])), self.outcome)

    def _is_done(self, block: Block) -> bool:
        rounds = (
            RoundKey(hardware=block.hardware, purpose="measure", number=number) for number in range(len(block.rounds))
        )
        return (
            not self._cells(block)
            or block.hardware in self.outcome.settled
            or all(key in self.outcome.finished for key in rounds)
        )

    @contextmanager
    def _phase(self, name: str) -> Iterator[dict[str, object]]:
        """Journal the phase's begin and end, the latter with what is put into the mapping."""
        self.progress.phase(name)
        self.journal.record("phase-started", phase=name)
        began = self.outside.monotonic()
        details: dict[str, object] = {}
        try:
            yield details
        finally:
            seconds = round(self.outside.monotonic() - began, 3)
            self.journal.record("phase-ended", phase=name, seconds=seconds, **details)

    def _carry_out_block(self, block: Block) -> None:
        """All rounds of one hardware value."""
        hosts = self._new_hosts(block)
        affinity = os.sched_getaffinity(0)
        try:
            with self._phase("prepare") as details:
                hosts.prepare(self.progress.step)
                slowest = [task.model_dump() for task in hosts.times.slowest()]
                details.update(hosts=hosts.times.by_host(), slowest=slowest)
            # Builds may use every CPU; what only controls keeps off the server's.
            os.sched_setaffinity(0, hosts.controller_cpus)
            self._meet(hosts, block)
            with self._phase("prove"):
                self._prove(hosts, self._cells(block))
            if proven := self._cells(block):
                self._measure(hosts, block, proven)
        finally:
            with (
                self.interrupts.shielded("stopping servers and database, and removing their state"),
                self._phase("clean up"),
            ):
                os.sched_setaffinity(0, affinity)
                hosts.release()

    def _new_hosts(self, block: Block) -> Hosts:
        hardware = next(value for value in self.bundle.experiment.hardware if value.name == block.hardware)
        state = self.outside.states() / self.folder.name
        wanted = Wanted(
            self.bundle, hardware, state, self.folder.logs, self.origin, self.tools, self.mark, self.secrets
        )
        return self.outside.make_hosts(wanted, self.interrupts, self.progress.say)

    def _meet(self, hosts: Hosts, block: Block) -> None:
        """Journal what the hosts are; where they are not those of before, what an interrupted round had is void."""
        identity = {**hosts.identity, **hosts.versions}
        before = self.outcome.hosts.get((block.hardware, LANE), identity)
        changed = [name for name in identity.keys() | before.keys() if identity.get(name) != before.get(name)]
        for key in self.outcome.unfinished(block.hardware):
            left = self.outcome.left_of_round(key)
            if not left:
                self.journal.record("round-ended", round=key.model_dump(), lane=LANE)
            elif changed:
                said = (f"{name} {before.get(name, 'none')}, now {identity.get(name, 'none')}" for name in changed)
                reason = f"the hosts changed ({'; '.join(sorted(said))})"
                self.progress.say(f"Round {key.number} is done again: {reason}.")
                self.journal.record("round-voided", round=key.model_dump(), reason=reason)
            else:
                self.journal.record("trial-voided", round=key.model_dump(), cell=left[0])
        if changed:
            self.folder.restore(self.outcome.trials, self.bundle.cells.cells)
        of_which = f" ({block.hardware})" if len(self.bundle.experiment.hardware) > 1 else ""
        ready = HostsReady(
            hardware=block.hardware,
            lane=LANE,
            identity=identity,
            versions=hosts.versions,
            cpu_sets=hosts.cpus.described(),
            labels=tuple(f"{label}{of_which}" for label in hosts.labels),
            machine=dict(hosts.machine),
        )
        self.journal.record("hosts-ready", **ready.model_dump(mode="json"))

    def _prove(self, hosts: Hosts, cells: Sequence[Cell]) -> None:
        refused = self.outside.prove(
            hosts,
            cells,
            self.progress.step,
            openapi=self.bundle.files / "spec" / "openapi.yaml",
            seed=self.bundle.experiment.seed,
            logs=self.folder.logs,
        )
        for (implementation, server), reason in refused.items():
            self.progress.say(f"{implementation} ({server}) is not measured: {reason}")
            self._refuse(
                (cell for cell in cells if (cell.implementation, cell.server) == (implementation, server)), reason
            )

    def _refuse(self, cells: Iterable[Cell], reason: str) -> None:
        """Measure these cells no more; what they have stays."""
        if named := [cell.id for cell in cells]:
            self.journal.record("refused", cells=named, reason=reason)

    def _measure(self, hosts: Hosts, block: Block, cells: Sequence[Cell]) -> None:
        """Calibrate, find the loads that depend on results, then measure round after round."""
        outcome = self.outcome
        if block.hardware not in outcome.calibrated:
            with self._phase("calibrate"):
                self._calibrate(hosts, block, cells)
        rounds = Rounds(hosts, self.bundle, self.folder, self.journal, self.progress, outcome, outcome.calibrations)
        loads = {cell.id: cell.load for cell in cells if isinstance(cell.load, Load)}
        loads |= {cell.id: outcome.loads[cell.id] for cell in cells if cell.id in outcome.loads}
        if sought := [cell for cell in cells if cell.id not in loads]:
            with self._phase("probe"):
                loads |= self._find_loads(rounds, block, sought)
        if loads:
            with self._phase(MEASURE):
                self._measure_rounds(rounds, block, loads)

    def _measure_rounds(self, rounds: Rounds, block: Block, loads: Mapping[str, Load]) -> None:
        """Every cell that has a load, round after round, until the contrasts are as precise as asked."""
        every = self.bundle.cells.cells
        rounds.done, rounds.total = 0, len(loads) * len(block.rounds)
        for number, indices in enumerate(block.rounds):
            key = RoundKey(hardware=block.hardware, purpose="measure", number=number)
            if key not in self.outcome.orders and self._is_precise_enough(number):
                self.journal.record("stopped-early", hardware=block.hardware, rounds=number)
                return
            rounds.run(number, [every[index] for index in indices if every[index].id in loads], loads, "measure")

    def _calibrate(self, hosts: Hosts, block: Block, cells: Sequence[Cell]) -> None:
        """Find what the generator can do at most, by cell id."""
        self.progress.step("Calibrate the generator against a server that answers at once")
        experiment = self.bundle.experiment
        found = calibrate(hosts, cells, experiment.scenarios, experiment.seed)
        self.journal.record(
            "calibrated",
            hardware=block.hardware,
            calibrations={cell: calibration.model_dump() for cell, calibration in found.items()},
        )

    def _find_loads(self, rounds: Rounds, block: Block, cells: Sequence[Cell]) -> dict[str, Load]:
        """The load of each cell that can be measured, by id; why not is noted for the others."""
        by_id = {cell.id: cell for cell in cells}
        asked = self.bundle.experiment.load
        probe = self._prober(rounds, block, by_id)
        servers = probing.representatives(cells)
        rounds.total = len(servers) * LADDER_PROBES
        climbed = probing.climb([*servers.values()], asked, probe, load_boxes=rounds.hosts.load_boxes)
        capacities = {key: climbed[cell.id] for key, cell in servers.items()}
        if asked.model == "slo-search":
            maxima = {cell: found.throughput_rps for cell, found in climbed.items() if found.throughput_rps}
            rounds.total = rounds.done + len(maxima) * SEARCH_PROBES
            searches = probing.find_highest_rates(maxima, asked, probe)
            self.journal.record("searched", searches={cell: found.model_dump() for cell, found in searches.items()})
            self._leave_out(cell for cell in cells if cell.id not in maxima)
            return {}
        loads = probing.sought_loads(cells, capacities, asked)
        self.journal.record("loads-found", loads={cell: load.model_dump() for cell, load in loads.items()})
        self._leave_out(cell for cell in cells if cell.id not in loads)
        return loads

    def _prober(self, rounds: Rounds, block: Block, cells: Mapping[str, Cell]) -> probing.Probe:
        """Runs rounds of probes; a cell's probes from before an interruption are taken first, in their order.

        What is probed next follows from a cell's own probes alone, so they are those that it asks for.
        """
        before: dict[str, list[Trial]] = {cell: [] for cell in cells}
        for trial in self.outcome.trials:
            if trial.purpose == "probe" and trial.cell in before:
                before[trial.cell].append(trial)
        numbers = itertools.count(
            1 + max((key.number for key in self.outcome.orders if _probes(key, block)), default=-1)
        )
        interrupted = [key for key in self.outcome.unfinished(block.hardware) if _probes(key, block)]

        def number_for(cells: Iterable[str]) -> int:
            if interrupted and {*cells} <= {*self.outcome.left_of_round(interrupted[0])}:
                return interrupted.pop().number
            return next(numbers)

        def probe(loads: Mapping[str, Load]) -> dict[str, Trial]:
            known = {cell: before[cell].pop(0) for cell in loads if before[cell]}
            rounds.done += len(known)
            probed = [cells[cell] for cell in sorted(loads.keys() - known.keys())]
            if not probed:
                return known
            number = number_for(cell.id for cell in probed)
            Random(f"{self.bundle.experiment.seed}/probe/{number}").shuffle(probed)  # noqa: S311  an order that can be drawn again
            return known | {trial.cell: trial for trial in rounds.run(number, probed, loads, "probe")}

        return probe

    def _leave_out(self, cells: Iterable[Cell]) -> None:
        self._refuse(cells, "no probe found a capacity: the probes in trials.jsonl say why")

    def _is_precise_enough(self, rounds: int) -> bool:
        experiment = self.bundle.experiment
        if rounds < experiment.rounds.min:
            return False
        summaries = summarise_cells(self.bundle.cells.cells, self.outcome.trials, self.outcome.refused)
        return precise_enough(experiment, summaries, self.outcome.trials, self.outcome.labels)


def _probes(key: RoundKey, block: Block) -> bool:
    return key.purpose == "probe" and key.hardware == block.hardware


def apply(
    folder: RunFolder, tools: Tools, mark: str, origin: Origin, progress: Progress, *, outside: Outside | None = None
) -> Summary:
    """Carry out the bundle in a run's folder, from locking the hosts to the summary; or what a run left undone.

    Args:
        folder: the run's folder, with its bundle in it.
        tools: the seam to other programs.
        mark: what `tools` marks the processes with that it starts.
        origin: where the run comes from.
        progress: is told what happens.
        outside: the seam to the rest of the world.

    Raises:
        ToolFailedError: a tool or a host failed; nothing is left behind.
        ResourcesRemainError: something could not be stopped.
        LockedError: another run holds the hosts.
        KeyboardInterrupt: interrupted; nothing is left behind.
        In each case but the lock's what was measured until then is summarised in the run's folder.
    """
    outside = outside or Outside()
    bundle = read_bundle(folder.bundle)
    interrupts = Interrupts(progress.say)
    outcome = Outcome(labels=(SHARED_HOST,) if bundle.experiment.hosts.shared else ())
    with (
        interrupts.handled(),
        outside.lock(folder.name),
        Journal(folder.journal, outside.now, outcome.take, outside.fsync) as journal,
    ):
        start = RunStarted(
            lab=__version__,
            controller=this_process(mark),
            bundle=bundle.digest,
            git_commit=origin.git_commit,
            git_dirty=origin.git_dirty,
        )
        if journal.remark:
            progress.say(f"note: {journal.remark}; they are kept in journal.cut")
        _take_up(folder, bundle, outcome, journal, start)
        complete = False
        try:
            Run(folder, bundle, tools, origin, progress, journal, interrupts, mark, outcome, outside).carry_out()
            complete = True
        finally:
            with interrupts.shielded("writing the summary"):
                summary = conclude(folder, bundle, outcome, ended_at=outside.now(), complete=complete)
                journal.record("run-ended", complete=complete, seal=seal(folder.path))
    return summary


def _take_up(folder: RunFolder, bundle: LoadedBundle, outcome: Outcome, journal: Journal, start: RunStarted) -> None:
    """Journal the start of a run, or of its going on after an interruption.

    Raises:
        ToolFailedError: its bundle is not the one that it began with.
    """
    if outcome.start is None:
        journal.record("run-started", **start.model_dump(mode="json"))
        return
    if outcome.start.bundle != bundle.digest:
        raise ToolFailedError(
            f"{folder.bundle} is not the bundle that run {folder.run} began with",
            next_step="run the experiment anew: `lab apply`",
        )
    journal.record("run-resumed", **start.model_dump(mode="json"))
    folder.restore(outcome.trials, bundle.cells.cells)
