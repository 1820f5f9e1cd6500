"""Prepared hosts and the machinery of a run, for benches that measure trials of their own choosing."""
# ruff: noqa: INP001, T201, TID251  # a part of programs of their own, which print and have a clock

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from benchmark_lab.apply.calibrate import calibrate
from benchmark_lab.apply.rounds import LaneRunner
from benchmark_lab.bundle import Cell, Load, Scalar
from benchmark_lab.cli.input.caller import find_caller
from benchmark_lab.cli.input.project import read_catalog
from benchmark_lab.emit import emit
from benchmark_lab.experiment import Changes
from benchmark_lab.hosts.prepared import HostRequest
from benchmark_lab.hosts.secret import new_secrets
from benchmark_lab.machine import folders
from benchmark_lab.machine.interrupts import Interrupts
from benchmark_lab.machine.process import Processes
from benchmark_lab.plan import make_plan
from benchmark_lab.records import Calibration, Trial
from benchmark_lab.resolve import resolve
from benchmark_lab.results.metrics import SHARED_HOST
from benchmark_lab.source import parse
from benchmark_lab.store.bundles import LoadedBundle, read_bundle, write_bundle
from benchmark_lab.store.journal import Journal
from benchmark_lab.store.run_folder import new_run_folder
from benchmark_lab.store.run_state import RunState
from benchmark_lab.targets.leftovers import reap_all
from benchmark_lab.targets.local import make_hosts

PROJECT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Subject:
    """What a trial is to be of: the axes of one cell."""

    implementation: str
    server: str
    scenario: str
    workers: int = 1
    parameters: Mapping[str, Scalar] = field(default_factory=dict)

    @property
    def values(self) -> dict[str, Scalar]:
        """By axis."""
        own = {name: getattr(self, name) for name in ("implementation", "server", "scenario", "workers")}
        return {**own, **self.parameters}

    def among(self, cells: Iterable[Cell]) -> Cell:
        """The first cell of this subject, whatever parameters it has beside those that are given."""
        return next(cell for cell in cells if self._is_of(cell))

    def _is_of(self, cell: Cell) -> bool:
        own = cell.implementation, cell.server, cell.scenario, cell.workers
        wanted = self.implementation, self.server, self.scenario, self.workers
        return own == wanted and self.parameters.items() <= cell.parameters.items()


def experiment_of(subjects: Sequence[Subject], *, thresholds: str = "{}") -> str:
    """The text of an experiment with a cell of each subject: a CPU for the server, one for the rest."""
    first = subjects[0]
    axes = {axis: value for axis, value in first.values.items() if axis != "workers"}
    others = dict.fromkeys(_in_yaml(subject.values) for subject in subjects if subject != first)
    return f"""\
schema: 1
name: bench
question: What do these trials show?
target: local
hardware: {{sut: {{cpus: 1}}, load: {{cpus: 1}}}}
workers: {first.workers}
matrix: {{{_in_yaml(axes)}, include: [{", ".join(f"{{{other}}}" for other in others)}]}}
load: {{model: closed, vus: 1}}
rounds: {{max: 1}}
thresholds: {thresholds}
"""


def _in_yaml(values: Mapping[str, Scalar]) -> str:
    return ", ".join(f"{axis}: {value}" for axis, value in values.items())


class Quiet:
    """Watches a run and says only what matters."""

    def phase(self, name: str) -> None:
        """A phase starts."""
        self.say(f"{name} …")

    def step(self, text: str) -> None:
        """Something within the phase starts."""

    def trial(self, done: int, total: int, trial: Trial, seconds_left: float) -> None:
        """A trial ended."""
        del total, seconds_left
        reasons = ", ".join(reason.code for reason in trial.reasons)
        limit = f", bottleneck {trial.bottleneck}" if trial.bottleneck else ""
        rate = f"{trial.throughput_rps:,.0f}/s" if trial.throughput_rps else "no rate"
        self.say(f"{done:>4}  {trial.cell}  {rate}  {trial.verdict}{limit}  {reasons}")

    def say(self, text: str) -> None:
        """Something to read."""
        print(text, file=sys.stderr, flush=True)


@dataclass(slots=True)
class Bench:
    """Hosts of this machine, prepared for an experiment, on which single trials can be run."""

    bundle: LoadedBundle
    rounds: LaneRunner
    calibrations: dict[str, Calibration]
    _round: int = field(default=0)

    @property
    def cells(self) -> tuple[Cell, ...]:
        """The experiment's cells."""
        return self.bundle.cells.cells

    def run(self, cells: Sequence[Cell], loads: Mapping[str, Load]) -> list[Trial]:
        """A trial of each cell in this order."""
        self._round += 1
        return self.rounds.run(self._round, cells, loads, "measure")

    def calibrate(self, cells: Sequence[Cell] = ()) -> None:
        """Measure what the generator can do with the requests of these cells, or of all, anew."""
        experiment = self.bundle.experiment
        found, _ = calibrate(self.rounds.hosts, cells or self.cells, experiment.scenarios, experiment.seed)
        self.calibrations.update(found)


@contextmanager
def prepared(experiment: str) -> Iterator[Bench]:
    """Compile an experiment's text and bring up its hosts, without conformance; everything is gone afterwards."""
    tools, progress = Processes(), Quiet()
    caller = find_caller(PROJECT, tools)
    plan = make_plan(resolve(parse("bench", experiment), read_catalog(PROJECT), Changes()))
    with tempfile.TemporaryDirectory(prefix="benchmark-lab-bench-") as scratch:
        folder = new_run_folder(Path(scratch), plan.experiment.name, datetime.now(UTC))
        write_bundle(emit(plan), PROJECT, folder.bundle, tools)
        bundle = read_bundle(folder.bundle)
        interrupts = Interrupts(progress.say)
        with interrupts.handled(), folders.locked(folder.run):
            reap_all(PROJECT, tools, caller.environment, progress.say)
            state = folders.run_states() / folder.run
            hardware = bundle.experiment.hardware[0]
            wanted = HostRequest(bundle, hardware, state, folder.logs, caller, tools, tools.mark, new_secrets())
            hosts = make_hosts(wanted, progress.say)
            affinity = os.sched_getaffinity(0)
            try:
                progress.phase("prepare")
                hosts.prepare(progress.step)
                os.sched_setaffinity(0, hosts.controller_cpus)
                outcome = RunState(labels=(SHARED_HOST,))
                with Journal(folder.journal, lambda: datetime.now(UTC).isoformat(), outcome.take) as journal:
                    calibrations: dict[str, Calibration] = {}
                    rounds = LaneRunner(hosts, bundle, folder, journal, progress, outcome, calibrations)
                    yield Bench(bundle, rounds, calibrations)
            finally:
                os.sched_setaffinity(0, affinity)
                with interrupts.shielded():
                    hosts.release()
