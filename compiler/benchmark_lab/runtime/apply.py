"""Carries a bundle out: prepare the hosts, prove the implementations, measure round after round, clean up."""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from random import Random

from benchmark_lab.bundle import Block, Cell, Load
from benchmark_lab.results.cells import summarise_cells
from benchmark_lab.results.comparisons import precise_enough
from benchmark_lab.results.metrics import SHARED_HOST
from benchmark_lab.run import Calibration, Phase, Summary, Trial
from benchmark_lab.runtime import local, probing
from benchmark_lab.runtime.calibration import calibrate
from benchmark_lab.runtime.gate import prove
from benchmark_lab.runtime.hosts import Hosts, Wanted
from benchmark_lab.runtime.interrupts import Interrupts
from benchmark_lab.runtime.journal import Journal
from benchmark_lab.runtime.leftovers import reap_all
from benchmark_lab.runtime.outcome import MEASURE, Origin, Outcome, conclude
from benchmark_lab.runtime.progress import Progress
from benchmark_lab.runtime.record import RunFolder
from benchmark_lab.runtime.rounds import Rounds
from benchmark_lab.runtime.secret import Secrets, new_secrets
from benchmark_lab.runtime.store import LoadedBundle, read_bundle
from benchmark_lab.runtime.targets import make_hosts
from benchmark_lab.runtime.tools import Tools

LADDER_PROBES = 4
SEARCH_PROBES = 8
"""What a ladder and a search mostly take, for the progress."""


@dataclass(slots=True)
class Run:
    """One application of a bundle on this machine."""

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
    secrets: Secrets = field(default_factory=new_secrets)
    _state: Path = Path()

    def carry_out(self) -> None:
        """Do everything, and clean up whatever happens; `outcome` holds what it came to."""
        name = f"{self.folder.path.parent.name}-{self.folder.run}"
        with local.locked(name):
            reap_all(self.origin.project, self.tools, self.origin.environment, self.progress.say)
            self._state = local.run_states() / name
            for block in self.bundle.schedule.blocks:
                self._carry_out_block(block)

    @contextmanager
    def _phase(self, name: str) -> Iterator[None]:
        self.progress.phase(name)
        self.journal.record("phase-started", phase=name)
        began = time.monotonic()
        try:
            yield
        finally:
            seconds = time.monotonic() - began
            self.outcome.phases.append(Phase(name=name, seconds=seconds))
            self.journal.record("phase-ended", phase=name, seconds=round(seconds, 3))

    def _carry_out_block(self, block: Block) -> None:
        """All rounds of one hardware value."""
        hosts = self._new_hosts(block)
        cells = [self.bundle.cells.cells[index] for index in sorted(block.rounds[0])]
        affinity = os.sched_getaffinity(0)
        try:
            with self._phase("prepare"):
                hosts.prepare(self.progress.step)
            self._note_bring_up(hosts)
            # Builds may use every CPU; what only controls keeps off the server's.
            os.sched_setaffinity(0, hosts.controller_cpus)
            self.outcome.machine = hosts.machine
            self.outcome.versions.update(hosts.versions)
            self.outcome.cpu_sets = hosts.cpus.described()
            with self._phase("prove"):
                self._prove(hosts, cells)
            if proven := [cell for cell in cells if cell.id not in self.outcome.refused]:
                self._measure(hosts, block, proven)
        finally:
            with self.interrupts.shielded(), self._phase("clean up"):
                os.sched_setaffinity(0, affinity)
                hosts.release()

    def _new_hosts(self, block: Block) -> Hosts:
        values = self.bundle.experiment.hardware
        hardware = next(value for value in values if value.name == block.hardware)
        wanted = Wanted(
            self.bundle, hardware, self._state, self.folder.logs, self.origin, self.tools, self.mark, self.secrets
        )
        rents = self.bundle.experiment.hosts.source == "terraform"
        with self._phase("rent hosts") if rents else nullcontext():
            hosts = make_hosts(wanted, self.interrupts, self.progress)
        of_which = f" ({block.hardware})" if len(values) > 1 else ""
        labels = [f"{label}{of_which}" for label in hosts.labels]
        self.outcome.labels = tuple(dict.fromkeys([*self.outcome.labels, *labels]))
        return hosts

    def _note_bring_up(self, hosts: Hosts) -> None:
        update = {"hosts": hosts.times.by_host(), "slowest": hosts.times.slowest()}
        self.outcome.phases[-1] = self.outcome.phases[-1].model_copy(update=update)

    def _prove(self, hosts: Hosts, cells: Sequence[Cell]) -> None:
        refused = prove(
            hosts,
            cells,
            self.progress.step,
            openapi=self.bundle.files / "spec" / "openapi.yaml",
            seed=self.bundle.experiment.seed,
            logs=self.folder.logs,
        )
        for cell in cells:
            reason = refused.get((cell.implementation, cell.server))
            if reason:
                self.outcome.refused[cell.id] = reason
        for (implementation, server), reason in refused.items():
            self.progress.say(f"{implementation} ({server}) is not measured: {reason}")
            self.journal.record("refused", implementation=implementation, server=server, reason=reason)

    def _measure(self, hosts: Hosts, block: Block, cells: Sequence[Cell]) -> None:
        """Calibrate, find the loads that depend on results, then measure round after round."""
        with self._phase("calibrate"):
            calibrations = self._calibrate(hosts, cells)
        rounds = Rounds(hosts, self.bundle, self.folder, self.journal, self.progress, self.outcome, calibrations)
        loads = {cell.id: cell.load for cell in cells if isinstance(cell.load, Load)}
        if sought := [cell for cell in cells if cell.id not in loads]:
            with self._phase("probe"):
                loads |= self._find_loads(rounds, sought)
        if loads:
            with self._phase(MEASURE):
                self._measure_rounds(rounds, block, loads)

    def _measure_rounds(self, rounds: Rounds, block: Block, loads: Mapping[str, Load]) -> None:
        """Every cell that has a load, round after round, until the contrasts are as precise as asked."""
        every = self.bundle.cells.cells
        rounds.done, rounds.total = 0, len(loads) * len(block.rounds)
        for number, indices in enumerate(block.rounds):
            rounds.run(number, [every[index] for index in indices if every[index].id in loads], loads, "measure")
            if number + 1 < len(block.rounds) and self._is_precise_enough(number + 1):
                self.outcome.stopped_early = True
                self.journal.record("stopped-early", rounds=number + 1)
                return

    def _calibrate(self, hosts: Hosts, cells: Sequence[Cell]) -> dict[str, Calibration]:
        """What the generator can do at most, by cell id."""
        self.progress.step("Calibrate the generator against a server that answers at once")
        experiment = self.bundle.experiment
        found = calibrate(hosts, cells, experiment.scenarios, experiment.seed)
        self.outcome.calibrations.update(found)
        self.journal.record("calibrated", calibrations={cell: of.model_dump() for cell, of in found.items()})
        return found

    def _find_loads(self, rounds: Rounds, cells: Sequence[Cell]) -> dict[str, Load]:
        """The load of each cell that can be measured, by id; why not is noted for the others."""
        by_id = {cell.id: cell for cell in cells}
        asked, seed = self.bundle.experiment.load, self.bundle.experiment.seed
        numbers = itertools.count()

        def probe(loads: Mapping[str, Load]) -> dict[str, Trial]:
            number = next(numbers)
            probed = [by_id[cell] for cell in sorted(loads)]
            Random(f"{seed}/probe/{number}").shuffle(probed)  # noqa: S311  an order that can be drawn again
            return {trial.cell: trial for trial in rounds.run(number, probed, loads, "probe")}

        servers = probing.representatives(cells)
        rounds.total = len(servers) * LADDER_PROBES
        climbed = probing.climb([*servers.values()], asked, probe, load_boxes=rounds.hosts.load_boxes)
        capacities = {key: climbed[cell.id] for key, cell in servers.items()}
        if asked.model == "slo-search":
            maxima = {cell: found.throughput_rps for cell, found in climbed.items() if found.throughput_rps}
            rounds.total = rounds.done + len(maxima) * SEARCH_PROBES
            self.outcome.searches.update(probing.find_highest_rates(maxima, asked, probe))
            self._leave_out(cell for cell in cells if cell.id not in maxima)
            return {}
        loads = probing.sought_loads(cells, capacities, asked)
        self.journal.record("loads-found", loads={cell: load.model_dump() for cell, load in loads.items()})
        self._leave_out(cell for cell in cells if cell.id not in loads)
        return loads

    def _leave_out(self, cells: Iterable[Cell]) -> None:
        for cell in cells:
            self.outcome.refused[cell.id] = "no probe found a capacity: the probes in trials.jsonl say why"

    def _is_precise_enough(self, rounds: int) -> bool:
        experiment = self.bundle.experiment
        if rounds < experiment.rounds.min:
            return False
        summaries = summarise_cells(self.bundle.cells.cells, self.outcome.trials, self.outcome.refused)
        return precise_enough(experiment, summaries, self.outcome.trials, self.outcome.labels)


def apply(folder: RunFolder, tools: Tools, mark: str, origin: Origin, progress: Progress) -> Summary:
    """Carry out the bundle in a run's folder, from locking the machine to the summary.

    Args:
        folder: the run's folder, with its bundle in it.
        tools: the seam to other programs.
        mark: what `tools` marks the processes with that it starts.
        origin: where the run comes from.
        progress: is told what happens.

    Raises:
        ToolFailedError: a tool or a host failed; nothing is left behind.
        ResourcesRemainError: something could not be stopped.
        LockedError: another run holds this machine.
        KeyboardInterrupt: interrupted; nothing is left behind.
        In each case what was measured until then is summarised in the run's folder.
    """
    bundle = read_bundle(folder.bundle)
    interrupts = Interrupts(progress.say)
    labels = (SHARED_HOST,) if bundle.experiment.hosts.shared else ()
    outcome = Outcome(started_at=_now(), labels=labels)
    complete = False
    with interrupts.handled(), Journal(folder.journal, _now) as journal:
        journal.record(
            "run-started", run=folder.run, experiment=bundle.experiment.name, target=bundle.experiment.target
        )
        try:
            Run(folder, bundle, tools, origin, progress, journal, interrupts, mark, outcome).carry_out()
            complete = True
        finally:
            with interrupts.shielded():
                summary = conclude(folder, bundle, origin, outcome, ended_at=_now(), complete=complete)
                journal.record("run-ended", complete=complete, valid=sum(t.verdict == "valid" for t in outcome.trials))
    return summary


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
