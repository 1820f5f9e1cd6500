"""Carries a bundle out: prepare the hosts, prove the implementations, measure round after round, clean up."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from benchmark_lab.bundle import Block, Cell
from benchmark_lab.results.cells import summarise_cells
from benchmark_lab.results.comparisons import precise_enough
from benchmark_lab.run import Phase, Summary
from benchmark_lab.runtime import local
from benchmark_lab.runtime.gate import prove
from benchmark_lab.runtime.hosts import Hosts
from benchmark_lab.runtime.interrupts import Interrupts
from benchmark_lab.runtime.journal import Journal
from benchmark_lab.runtime.leftovers import reap_all
from benchmark_lab.runtime.local_hosts import make_hosts, release
from benchmark_lab.runtime.outcome import MEASURE, Origin, Outcome, conclude
from benchmark_lab.runtime.progress import Progress
from benchmark_lab.runtime.record import RunFolder
from benchmark_lab.runtime.secret import Secrets, new_secrets
from benchmark_lab.runtime.store import LoadedBundle, read_bundle
from benchmark_lab.runtime.tools import ToolFailedError, Tools
from benchmark_lab.runtime.trials import Measured, TrialAssembler, round_variables
from benchmark_lab.verdict import Place, judge


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
    _trials_s: float = 0.0
    _written: bool = True
    """Whether the database may differ from its seed."""

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
            os.sched_setaffinity(
                0, hosts.cpus.rest
            )  # builds may use every CPU; what only controls keeps off the server's
            self.outcome.versions.update(hosts.versions)
            self.outcome.cpu_sets = hosts.cpus.described()
            with self._phase("prove"):
                self._prove(hosts, cells)
            with self._phase(MEASURE):
                self._measure(hosts, block)
        finally:
            with self.interrupts.shielded(), self._phase("clean up"):
                os.sched_setaffinity(0, affinity)
                release(hosts)

    def _new_hosts(self, block: Block) -> Hosts:
        values = self.bundle.experiment.hardware
        hardware = next(value for value in values if value.name == block.hardware)
        hosts = make_hosts(
            self.bundle,
            hardware,
            state=self._state,
            logs=self.folder.logs,
            origin=self.origin,
            tools=self.tools,
            mark=self.mark,
            secrets=self.secrets,
        )
        of_which = f" ({block.hardware})" if len(values) > 1 else ""
        labels = [f"{label}{of_which}" for label in hosts.cpus.labels()]
        self.outcome.labels = tuple(dict.fromkeys([*self.outcome.labels, *labels]))
        return hosts

    def _prove(self, hosts: Hosts, cells: Sequence[Cell]) -> None:
        self._written = True
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

    def _measure(self, hosts: Hosts, block: Block) -> None:
        experiment = self.bundle.experiment
        self._trials_s = 0.0
        for number, order in enumerate(block.rounds):
            cells = [self.bundle.cells.cells[index] for index in order]
            cells = [cell for cell in cells if cell.id not in self.outcome.refused]
            if not cells:
                return
            total = len(cells) * len(block.rounds)
            self._measure_round(hosts, number, cells, total)
            summaries = summarise_cells(self.bundle.cells.cells, self.outcome.trials, self.outcome.refused)
            done = number + 1
            if (
                done < len(block.rounds)
                and done >= experiment.rounds.min
                and precise_enough(experiment, summaries, self.outcome.trials, self.outcome.labels)
            ):
                self.outcome.stopped_early = True
                self.journal.record("stopped-early", rounds=done)
                return

    def _measure_round(self, hosts: Hosts, number: int, cells: Sequence[Cell], total: int) -> None:
        experiment = self.bundle.experiment
        scenarios = {scenario.name: scenario for scenario in experiment.scenarios}
        self.journal.record("round-started", round=number, cells=[cell.id for cell in cells])
        began = time.monotonic()

        def on_measured(measured: Measured) -> None:
            self._take(measured, cells[measured.position], number)
            done = sum(1 for trial in self.outcome.trials if trial.hardware == cells[0].hardware)
            each = (self._trials_s + time.monotonic() - began) / done
            self.progress.trial(done, total, self.outcome.trials[-1], each * (total - done))

        hosts.play(
            "round",
            {
                "trial_round": round_variables(cells, hosts.builds, scenarios, written=self._written),
                "trial_warmup_s": experiment.load.warmup_s,
                "trial_measure_s": experiment.load.measure_s,
                "trial_seed": experiment.seed + number,
            },
            TrialAssembler(on_measured, lambda: datetime.now(UTC)),
            label=f"round-{cells[0].hardware}-{number:02d}",
        )
        self._trials_s += time.monotonic() - began
        self._written = scenarios[cells[-1].scenario].writes
        self.journal.record("round-ended", round=number)

    def _take(self, measured: Measured, cell: Cell, number: int) -> None:
        """Judge and record a trial; a dead database ends the run, since nothing after it could be valid."""
        experiment = self.bundle.experiment
        place = Place(lane=0, round=number, position=measured.position, started_at=measured.started_at)
        trial = judge(measured.measurement, cell, experiment.load, experiment.limits, place)
        self.folder.add(trial, cell, measured, self.secrets.redact(measured.server_log))
        self.journal.record("trial-ended", trial=trial.trial, cell=cell.id, verdict=trial.verdict,
                            reasons=[reason.code for reason in trial.reasons])  # fmt: skip
        self.outcome.trials.append(trial)
        database = measured.measurement.database
        if database and database.problem:
            raise ToolFailedError(f"host db: {database.problem}", next_step=f"the logs are in {self.folder.logs}")


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
    outcome = Outcome(started_at=_now())
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
