"""Carries out the stages of a run, one hardware value after the other, and lets the hosts go whatever happens."""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass, field
from typing import assert_never

from benchmark_lab.apply.calibrate import calibrate
from benchmark_lab.apply.context import Run
from benchmark_lab.apply.find_loads import find_loads
from benchmark_lab.apply.gate import first_cells
from benchmark_lab.apply.lanes import Turns, on_each
from benchmark_lab.apply.rounds import LaneRunner, Tally
from benchmark_lab.apply.stages import (
    Calibrate,
    CleanUp,
    FindLoads,
    Measure,
    Prepare,
    Prove,
    Provide,
    Stage,
    build,
    cells_left,
    round_keys,
)
from benchmark_lab.apply.stopping import may_end
from benchmark_lab.bundle import Block, Cell, Load
from benchmark_lab.hosts.prepared import HostRequest, Hosts, lane_folder, release
from benchmark_lab.hosts.task_times import bring_up
from benchmark_lab.records import HostsReady, RoundKey
from benchmark_lab.results.cells import summarise_cells
from benchmark_lab.store.run_state import MEASURE
from benchmark_lab.targets import find_driver


def carry_out(run: Run) -> None:
    """Do everything that a run has not done yet, and clean up whatever happens.

    `run.outcome` holds what the run came to.
    """
    run.world.reap(run.caller.project, run.tools, run.caller.environment, run.progress.say)
    stages = build(run.bundle.experiment, run.bundle.cells.cells, run.bundle.schedule, run.outcome)
    for _, of_block in itertools.groupby(stages, key=lambda stage: stage.block.hardware):
        *before, clean_up = of_block
        on_hosts = OnHosts(run, clean_up.block)
        try:
            for stage in before:
                on_hosts.carry_out(stage)
        finally:
            on_hosts.carry_out(clean_up)


@dataclass(slots=True)
class OnHosts:
    """The hosts of one hardware value, and the stages that are carried out on them."""

    run: Run
    block: Block
    lanes: list[tuple[int, Hosts]] = field(default_factory=list)
    runners: list[LaneRunner] = field(default_factory=list)
    affinity: set[int] = field(default_factory=lambda: os.sched_getaffinity(0))
    """Ids of the CPUs that the controller may use before the hosts are prepared and after the clean-up."""

    def carry_out(self, stage: Stage) -> None:
        """Carry out one stage; a stage that measures has nothing to do once every cell is excluded or searched."""
        match stage:
            case Provide():
                self._provide(stage)
            case Prepare():
                self._prepare()
            case Prove():
                with self.run.phase("prove"):
                    self._on_each(self._prove)
            case Calibrate():
                self._calibrate_each()
            case FindLoads():
                self._find_loads(stage)
            case Measure():
                self._measure()
            case CleanUp():
                self._clean_up()
            case _:
                assert_never(stage)

    def _cells(self) -> list[Cell]:
        return cells_left(self.run.bundle.cells.cells, self.block, self.run.outcome)

    def _loads(self) -> dict[str, Load]:
        """Return the load of each cell that has a load, by cell id."""
        found = self.run.outcome.loads
        loads = {cell.id: cell.load if isinstance(cell.load, Load) else found.get(cell.id) for cell in self._cells()}
        return {cell: load for cell, load in loads.items() if load is not None}

    def _on_each(self, work: Callable[[int, Hosts], None]) -> None:
        on_each(self.lanes, lambda lane: work(*lane), lambda: self.run.stop(hosts for _, hosts in self.lanes))

    def _provide(self, stage: Provide) -> None:
        """Make the hosts of each lane, and add the hosts to `lanes` before anything else can fail."""
        run = self.run
        state = run.world.states() / run.folder.name
        wanted = HostRequest(
            run.bundle, stage.hardware, state, run.folder.logs, run.caller, run.tools, run.mark, run.secrets
        )
        rents = find_driver(stage.driver).cost == "rented"
        with run.phase("rent hosts") if rents else nullcontext():
            self.lanes.extend(enumerate(run.world.make_hosts(wanted, run.interrupts, run.progress)))

    def _prepare(self) -> None:
        with self.run.phase("prepare") as details:
            self._on_each(lambda _, hosts: hosts.prepare(self.run.progress.step))
            details.update(bring_up(hosts.times for _, hosts in self.lanes))
        # Builds may use every CPU; what only controls keeps off the server's.
        os.sched_setaffinity(0, self.lanes[0][1].controller_cpus)
        self._void_lost_lanes()
        for lane, hosts in self.lanes:
            self._meet(hosts, lane)

    def _void_lost_lanes(self) -> None:
        outcome = self.run.outcome
        for key in outcome.unfinished(self.block.hardware):
            if outcome.lanes[key] >= len(self.lanes):
                self._void(key, f"there are {len(self.lanes)} lanes now")

    def _void(self, key: RoundKey, reason: str) -> None:
        run = self.run
        run.progress.say(f"Round {key.number} is done again: {reason}.")
        run.journal.record("round-voided", round=key.model_dump(), reason=reason)
        run.folder.restore(run.outcome.trials, run.bundle.cells.cells)

    def _meet(self, hosts: Hosts, lane: int) -> None:
        """Journal what the hosts are, and void the interrupted rounds if the hosts are not the same as before."""
        outcome, journal, hardware = self.run.outcome, self.run.journal, self.block.hardware
        identity = {**hosts.identity, **hosts.versions}
        before = outcome.hosts.get((hardware, lane), identity)
        changed = [name for name in identity.keys() | before.keys() if identity.get(name) != before.get(name)]
        for key in outcome.unfinished(hardware, lane):
            left = outcome.left_of_round(key)
            if not left:
                journal.record("round-ended", round=key.model_dump(), lane=lane)
            elif changed:
                said = (f"{name} {before.get(name, 'none')}, now {identity.get(name, 'none')}" for name in changed)
                self._void(key, f"the hosts changed ({'; '.join(sorted(said))})")
            else:
                journal.record("trial-voided", round=key.model_dump(), cell=left[0])
        of_which = f" ({hardware})" if len(self.run.bundle.experiment.hardware) > 1 else ""
        ready = HostsReady(
            hardware=hardware,
            lane=lane,
            identity=identity,
            versions=hosts.versions,
            cpu_sets=hosts.cpus.described(),
            labels=tuple(f"{label}{of_which}" for label in hosts.labels),
            machine=hosts.described(),
            as_found=hosts.changed(),
        )
        journal.record("hosts-ready", **ready.model_dump(mode="json"))

    def _prove(self, lane: int, hosts: Hosts) -> None:
        run, cells = self.run, self._cells()
        for first in first_cells(cells):
            reason = run.world.prove(
                hosts,
                first,
                run.progress.step,
                openapi=run.bundle.files / "spec" / "openapi.yaml",
                seed=run.bundle.experiment.seed,
                logs=lane_folder(run.folder.logs, lane),
            )
            if run.stopped.is_set():
                return
            if reason:
                server = first.implementation, first.server
                run.progress.say(f"{server[0]} ({server[1]}) is excluded: {reason}")
                run.exclude((cell for cell in cells if (cell.implementation, cell.server) == server), reason)

    def _calibrate_each(self) -> None:
        """Calibrate the lanes whose present hosts are not calibrated, and get ready to run rounds on all lanes."""
        run, hardware = self.run, self.block.hardware
        if not self._cells():
            return
        if not all((hardware, lane) in run.outcome.calibrated for lane, _ in self.lanes):
            with run.phase("calibrate"):
                self._on_each(self._calibrate)
        tally = Tally()
        self.runners = [
            LaneRunner(
                hosts,
                run.bundle,
                run.folder,
                run.journal,
                run.progress,
                run.outcome,
                run.outcome.calibrations[lane],
                lane,
                tally,
            )
            for lane, hosts in self.lanes
        ]

    def _calibrate(self, lane: int, hosts: Hosts) -> None:
        """Find what generator and database of a lane can do at most, and journal the calibrations by cell id."""
        run, hardware = self.run, self.block.hardware
        if (hardware, lane) in run.outcome.calibrated:
            return
        run.progress.step("Calibrate the generator against a server that answers at once")
        experiment = run.bundle.experiment
        poisson = experiment.load.arrivals == "poisson"
        found, notes = calibrate(hosts, self._cells(), experiment.scenarios, experiment.seed, poisson=poisson)
        for note in notes:
            run.progress.say(note)
        run.journal.record(
            "calibrated",
            hardware=hardware,
            lane=lane,
            calibrations={cell: calibration.model_dump() for cell, calibration in found.items()},
            notes=notes,
        )

    def _find_loads(self, stage: FindLoads) -> None:
        if sought := [cell for cell in self._cells() if cell.id in stage.cells]:
            with self.run.phase("probe"):
                find_loads(self.run, self.runners[0], self.block, sought)

    def _measure(self) -> None:
        """Measure every cell that has a load."""
        if loads := self._loads():
            with self.run.phase(MEASURE):
                self._measure_rounds(loads)

    def _measure_rounds(self, loads: Mapping[str, Load]) -> None:
        """Measure the cells of these loads, round after round, until the stopping rule ends the rounds."""
        keys = round_keys(self.block)
        every, outcome, tally = self.run.bundle.cells.cells, self.run.outcome, self.runners[0].tally
        tally.ran, tally.began_s, tally.total = 0, time.monotonic(), len(loads) * len(keys)
        tally.done = sum(len(outcome.of_round(key)) for key in keys)

        def is_enough() -> bool:
            finished = sum(key in outcome.finished for key in keys)
            if not self._may_end(finished):
                return False
            self.run.journal.record("stopped-early", hardware=self.block.hardware, rounds=finished)
            return True

        turns = Turns((key.number for key in keys if key not in outcome.orders), is_enough)

        def work(runner: LaneRunner) -> None:
            begun = [key.number for key in outcome.unfinished(self.block.hardware, runner.lane) if key in keys]
            for number in itertools.chain(begun, iter(turns.next, None)):
                cells = [every[index] for index in self.block.rounds[number] if every[index].id in loads]
                runner.run(number, cells, loads, "measure")

        def stop() -> None:
            turns.close()
            self.run.stop(runner.hosts for runner in self.runners)

        on_each(self.runners, work, stop)

    def _may_end(self, rounds: int) -> bool:
        experiment, outcome = self.run.bundle.experiment, self.run.outcome
        if rounds < experiment.rounds.min:
            return False
        cells = [cell for cell in self.run.bundle.cells.cells if cell.hardware == self.block.hardware]
        trials = [trial for trial in outcome.trials if trial.hardware == self.block.hardware]
        summaries = summarise_cells(cells, trials, outcome.excluded, unequal_utilisation=outcome.unequal_utilisation)
        return may_end(experiment, summaries, trials, outcome.labels)

    def _clean_up(self) -> None:
        doing = "stopping servers and database, and removing their state"
        with self.run.interrupts.shielded(doing), ExitStack() as held:
            held.callback(release, [hosts for _, hosts in self.lanes])
            os.sched_setaffinity(0, self.affinity)
            if self.lanes:
                with self.run.phase("clean up"):  # they are let go even where that cannot be journalled
                    held.close()
