"""Carries a bundle out: prepare the hosts, prove the implementations, measure round after round, clean up."""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field
from random import Random
from threading import Event

from benchmark_lab import __version__
from benchmark_lab.apply.calibrate import calibrate
from benchmark_lab.apply.conclude import conclude
from benchmark_lab.apply.gate import first_cells
from benchmark_lab.apply.lanes import Turns, on_each
from benchmark_lab.apply.rounds import LaneRunner, Tally
from benchmark_lab.apply.stopping import may_end
from benchmark_lab.apply.world import World, this_process
from benchmark_lab.bundle import Block, Cell, Load
from benchmark_lab.hosts.caller import Caller
from benchmark_lab.hosts.prepared import HostRequest, Hosts, lane_folder, release
from benchmark_lab.hosts.secret import Secrets, new_secrets
from benchmark_lab.hosts.task_times import bring_up
from benchmark_lab.machine.interrupts import Interrupts
from benchmark_lab.machine.process import end_marked
from benchmark_lab.machine.progress import Progress
from benchmark_lab.machine.tools import ToolFailedError, Tools
from benchmark_lab.records import HostsReady, RoundKey, RunStarted, Summary, Trial
from benchmark_lab.results.cells import summarise_cells
from benchmark_lab.results.metrics import SHARED_HOST
from benchmark_lab.search import ladder, probing, slo
from benchmark_lab.store.bundles import LoadedBundle, read_bundle
from benchmark_lab.store.journal import Journal
from benchmark_lab.store.run_folder import RunFolder
from benchmark_lab.store.run_state import MEASURE, RunState, left_of
from benchmark_lab.store.seal import seal
from benchmark_lab.targets import find_driver


@dataclass(slots=True)
class Run:
    """One application of a bundle, or what is left of it."""

    folder: RunFolder
    bundle: LoadedBundle
    tools: Tools
    caller: Caller
    progress: Progress
    journal: Journal
    interrupts: Interrupts
    mark: str
    """Marks the processes that the controller starts."""
    outcome: RunState
    world: World
    secrets: Secrets = field(default_factory=new_secrets)
    stopped: Event = field(default_factory=Event)
    """Set once a lane failed, or the run was interrupted: the others are to end."""

    def carry_out(self) -> None:
        """Do everything that is not done yet, and clean up whatever happens; `outcome` holds what it came to."""
        self.world.reap(self.caller.project, self.tools, self.caller.environment, self.progress.say)
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
        began = self.world.monotonic()
        details: dict[str, object] = {}
        try:
            yield details
        finally:
            seconds = round(self.world.monotonic() - began, 3)
            self.journal.record("phase-ended", phase=name, seconds=seconds, **details)

    def _carry_out_block(self, block: Block) -> None:
        """All rounds of one hardware value."""
        lanes: list[tuple[int, Hosts]] = []
        affinity = os.sched_getaffinity(0)
        try:
            self._add_hosts(block, lanes)
            with self._phase("prepare") as details:
                self._on_each(lanes, lambda _, hosts: hosts.prepare(self.progress.step))
                details.update(bring_up(hosts.times for _, hosts in lanes))
            # Builds may use every CPU; what only controls keeps off the server's.
            os.sched_setaffinity(0, lanes[0][1].controller_cpus)
            self._void_lost_lanes(block, len(lanes))
            for lane, hosts in lanes:
                self._meet(hosts, block, lane)
            with self._phase("prove"):
                self._on_each(lanes, lambda lane, hosts: self._prove(hosts, self._cells(block), lane))
            if proven := self._cells(block):
                self._measure(lanes, block, proven)
        finally:
            doing = "stopping servers and database, and removing their state"
            with self.interrupts.shielded(doing), ExitStack() as held:
                held.callback(release, [hosts for _, hosts in lanes])
                os.sched_setaffinity(0, affinity)
                if lanes:
                    with self._phase("clean up"):  # they are let go even where that cannot be journalled
                        held.close()

    def _on_each(self, lanes: Sequence[tuple[int, Hosts]], work: Callable[[int, Hosts], None]) -> None:
        on_each(lanes, lambda lane: work(*lane), lambda: self._stop(hosts for _, hosts in lanes))

    def _stop(self, lanes: Iterable[Hosts]) -> None:
        self.stopped.set()
        for hosts in lanes:
            hosts.hang_up()
        end_marked(self.mark)

    def _add_hosts(self, block: Block, lanes: list[tuple[int, Hosts]]) -> None:
        """Make those of each lane; they are among the lanes before anything else can fail."""
        hardware = next(value for value in self.bundle.experiment.hardware if value.name == block.hardware)
        state = self.world.states() / self.folder.name
        wanted = HostRequest(
            self.bundle, hardware, state, self.folder.logs, self.caller, self.tools, self.mark, self.secrets
        )
        rents = find_driver(self.bundle.experiment.hosts.source).cost == "rented"
        with self._phase("rent hosts") if rents else nullcontext():
            lanes.extend(enumerate(self.world.make_hosts(wanted, self.interrupts, self.progress)))

    def _void_lost_lanes(self, block: Block, lanes: int) -> None:
        for key in self.outcome.unfinished(block.hardware):
            if self.outcome.lanes[key] >= lanes:
                self._void(key, f"there are {lanes} lanes now")

    def _void(self, key: RoundKey, reason: str) -> None:
        self.progress.say(f"Round {key.number} is done again: {reason}.")
        self.journal.record("round-voided", round=key.model_dump(), reason=reason)
        self.folder.restore(self.outcome.trials, self.bundle.cells.cells)

    def _meet(self, hosts: Hosts, block: Block, lane: int) -> None:
        """Journal what the hosts are; where they are not those of before, what an interrupted round had is void."""
        identity = {**hosts.identity, **hosts.versions}
        before = self.outcome.hosts.get((block.hardware, lane), identity)
        changed = [name for name in identity.keys() | before.keys() if identity.get(name) != before.get(name)]
        for key in self.outcome.unfinished(block.hardware, lane):
            left = self.outcome.left_of_round(key)
            if not left:
                self.journal.record("round-ended", round=key.model_dump(), lane=lane)
            elif changed:
                said = (f"{name} {before.get(name, 'none')}, now {identity.get(name, 'none')}" for name in changed)
                self._void(key, f"the hosts changed ({'; '.join(sorted(said))})")
            else:
                self.journal.record("trial-voided", round=key.model_dump(), cell=left[0])
        of_which = f" ({block.hardware})" if len(self.bundle.experiment.hardware) > 1 else ""
        ready = HostsReady(
            hardware=block.hardware,
            lane=lane,
            identity=identity,
            versions=hosts.versions,
            cpu_sets=hosts.cpus.described(),
            labels=tuple(f"{label}{of_which}" for label in hosts.labels),
            machine=hosts.described(),
            as_found=hosts.changed(),
        )
        self.journal.record("hosts-ready", **ready.model_dump(mode="json"))

    def _prove(self, hosts: Hosts, cells: Sequence[Cell], lane: int) -> None:
        for first in first_cells(cells):
            reason = self.world.prove(
                hosts,
                first,
                self.progress.step,
                openapi=self.bundle.files / "spec" / "openapi.yaml",
                seed=self.bundle.experiment.seed,
                logs=lane_folder(self.folder.logs, lane),
            )
            if self.stopped.is_set():
                return
            if reason:
                server = first.implementation, first.server
                self.progress.say(f"{server[0]} ({server[1]}) is excluded: {reason}")
                self._refuse((cell for cell in cells if (cell.implementation, cell.server) == server), reason)

    def _refuse(self, cells: Iterable[Cell], reason: str) -> None:
        """Measure these cells no more; what they have stays."""
        if named := [cell.id for cell in cells]:
            self.journal.record("excluded", cells=named, reason=reason)

    def _measure(self, lanes: Sequence[tuple[int, Hosts]], block: Block, cells: Sequence[Cell]) -> None:
        """Calibrate, find the loads that depend on results, then measure round after round."""
        outcome = self.outcome
        if not all((block.hardware, lane) in outcome.calibrated for lane, _ in lanes):
            with self._phase("calibrate"):
                self._on_each(lanes, lambda lane, hosts: self._calibrate(hosts, block, cells, lane))
        tally = Tally()
        rounds = [
            LaneRunner(
                hosts,
                self.bundle,
                self.folder,
                self.journal,
                self.progress,
                outcome,
                outcome.calibrations[lane],
                lane,
                tally,
            )
            for lane, hosts in lanes
        ]
        loads = {cell.id: cell.load for cell in cells if isinstance(cell.load, Load)}
        loads |= {cell.id: outcome.loads[cell.id] for cell in cells if cell.id in outcome.loads}
        if sought := [cell for cell in cells if cell.id not in loads]:
            with self._phase("probe"):
                loads |= self._find_loads(rounds[0], block, sought)
        if loads:
            with self._phase(MEASURE):
                self._measure_rounds(rounds, block, loads)

    def _measure_rounds(self, lanes: Sequence[LaneRunner], block: Block, loads: Mapping[str, Load]) -> None:
        """Every cell that has a load, round after round, until the contrasts are as precise as asked."""
        keys = [
            RoundKey(hardware=block.hardware, purpose="measure", number=number) for number in range(len(block.rounds))
        ]
        every, outcome, tally = self.bundle.cells.cells, self.outcome, lanes[0].tally
        tally.ran, tally.began_s, tally.total = 0, time.monotonic(), len(loads) * len(keys)
        tally.done = sum(len(outcome.of_round(key)) for key in keys)

        def is_enough() -> bool:
            finished = sum(key in outcome.finished for key in keys)
            if not self._may_end(block.hardware, finished):
                return False
            self.journal.record("stopped-early", hardware=block.hardware, rounds=finished)
            return True

        turns = Turns((key.number for key in keys if key not in outcome.orders), is_enough)

        def run(rounds: LaneRunner) -> None:
            begun = [key.number for key in outcome.unfinished(block.hardware, rounds.lane) if key in keys]
            for number in itertools.chain(begun, iter(turns.next, None)):
                cells = [every[index] for index in block.rounds[number] if every[index].id in loads]
                rounds.run(number, cells, loads, "measure")

        def stop() -> None:
            turns.close()
            self._stop(rounds.hosts for rounds in lanes)

        on_each(lanes, run, stop)

    def _calibrate(self, hosts: Hosts, block: Block, cells: Sequence[Cell], lane: int) -> None:
        """Find what the generator can do at most, by cell id."""
        if (block.hardware, lane) in self.outcome.calibrated:
            return
        self.progress.step("Calibrate the generator against a server that answers at once")
        experiment = self.bundle.experiment
        poisson = experiment.load.arrivals == "poisson"
        found, notes = calibrate(hosts, cells, experiment.scenarios, experiment.seed, poisson=poisson)
        for note in notes:
            self.progress.say(note)
        self.journal.record(
            "calibrated",
            hardware=block.hardware,
            lane=lane,
            calibrations={cell: calibration.model_dump() for cell, calibration in found.items()},
            notes=notes,
        )

    def _find_loads(self, rounds: LaneRunner, block: Block, cells: Sequence[Cell]) -> dict[str, Load]:
        """The load of each cell that can be measured, by id; why not is noted for the others."""
        by_id = {cell.id: cell for cell in cells}
        asked = self.bundle.experiment.load
        probe = self._prober(rounds, block, by_id)
        servers = probing.representatives(cells)
        rounds.tally.total = len(servers) * (len(asked.vus) or ladder.MOST_PROBES)
        thresholds, load_hosts = self.bundle.experiment.thresholds, rounds.hosts.load_hosts
        climbed = probing.climb([*servers.values()], asked, probe, requests=thresholds.requests, load_hosts=load_hosts)
        capacities = {key: climbed[cell.id] for key, cell in servers.items()}
        if asked.model == "slo-search":
            maxima = {cell: found.throughput_rps for cell, found in climbed.items() if found.throughput_rps}
            rounds.tally.total = rounds.tally.done + len(maxima) * slo.MOST_PROBES
            searches = probing.find_highest_rates(maxima, asked, probe)
            self.journal.record("searched", searches={cell: found.model_dump() for cell, found in searches.items()})
            self._leave_out(cell for cell in cells if cell.id not in maxima)
            return {}
        allowed_rps = self.outcome.allowed_rps(thresholds.generator_share)
        found = probing.sought_loads(cells, capacities, asked, requests=thresholds.requests, allowed_rps=allowed_rps)
        self.journal.record(
            "loads-found",
            loads={cell: load.model_dump() for cell, load in found.loads.items()},
            unequal_utilisation=found.unequal_utilisation,
            notes=found.notes,
        )
        self._leave_out(cell for cell in cells if cell.id not in found.loads)
        return found.loads

    def _prober(self, rounds: LaneRunner, block: Block, cells: Mapping[str, Cell]) -> probing.RunProbes:
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
            rounds.tally.done += len(known)
            probed = [cells[cell] for cell in sorted(loads.keys() - known.keys())]
            if not probed:
                return known
            number = number_for(cell.id for cell in probed)
            Random(f"{self.bundle.experiment.seed}/probe/{number}").shuffle(probed)  # noqa: S311  an order that can be drawn again
            return known | {trial.cell: trial for trial in rounds.run(number, probed, loads, "probe")}

        return probe

    def _leave_out(self, cells: Iterable[Cell]) -> None:
        self._refuse(cells, "no probe found a capacity: the probes in trials.jsonl say why")

    def _may_end(self, hardware: str, rounds: int) -> bool:
        experiment, outcome = self.bundle.experiment, self.outcome
        if rounds < experiment.rounds.min:
            return False
        cells = [cell for cell in self.bundle.cells.cells if cell.hardware == hardware]
        trials = [trial for trial in outcome.trials if trial.hardware == hardware]
        summaries = summarise_cells(cells, trials, outcome.excluded, unequal_utilisation=outcome.unequal_utilisation)
        return may_end(experiment, summaries, trials, outcome.labels)


def _probes(key: RoundKey, block: Block) -> bool:
    return key.purpose == "probe" and key.hardware == block.hardware


def apply(
    folder: RunFolder, tools: Tools, mark: str, caller: Caller, progress: Progress, *, world: World | None = None
) -> Summary:
    """Carry out the bundle in a run's folder, from locking the hosts to the summary; or what a run left undone.

    Args:
        folder: the run's folder, with its bundle in it.
        tools: the seam to other programs.
        mark: what `tools` marks the processes with that it starts.
        caller: where the run comes from.
        progress: is told what happens.
        world: the seam to everything outside of the run.

    Raises:
        ToolFailedError: a tool or a host failed; nothing is left behind.
        ResourcesRemainError: something could not be stopped.
        LockedError: another run holds the hosts, maybe only those of a later hardware value.
        KeyboardInterrupt: interrupted; nothing is left behind.
        In each case, but where it had no hosts yet, what was measured until then is summarised in the run's folder.
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
            Run(folder, bundle, tools, caller, progress, journal, interrupts, mark, outcome, world).carry_out()
            complete = True
        finally:
            with interrupts.shielded("writing the summary"):
                summary = conclude(folder, bundle, outcome, ended_at=world.now(), complete=complete)
                journal.record("run-ended", complete=complete, seal=seal(folder.path))
    return summary


def _take_up(folder: RunFolder, bundle: LoadedBundle, outcome: RunState, journal: Journal, start: RunStarted) -> None:
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
