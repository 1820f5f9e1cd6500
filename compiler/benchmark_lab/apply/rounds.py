"""Runs trials on prepared hosts, round after round, and judges and records each trial before the next trial begins."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Lock

from benchmark_lab.apply.trials import carry_out
from benchmark_lab.bundle import Cell, Load
from benchmark_lab.hosts.prepared import Hosts
from benchmark_lab.judge import Position, judge_record
from benchmark_lab.machine.progress import Progress
from benchmark_lab.machine.tools import ToolFailedError
from benchmark_lab.records import Calibration, Measured, Purpose, RoundKey, Trial, TrialRecord
from benchmark_lab.results.metrics import SHARED_HOST
from benchmark_lab.store.bundles import LoadedBundle
from benchmark_lab.store.journal import Journal
from benchmark_lab.store.run_folder import RunFolder
from benchmark_lab.store.run_state import RunState


@dataclass(slots=True)
class Tally:
    """The counts of the trials of all lanes, for the progress."""

    total: int = 0
    """Number of trials that are foreseen."""
    done: int = 0
    ran: int = 0
    """Number of finished trials that this process has run."""
    began_s: float = field(default_factory=time.monotonic)
    taking: Lock = field(default_factory=Lock)
    """Lock that is held while a trial is recorded."""

    def seconds_left(self) -> float:
        """Return the seconds that the trials left take at the pace so far."""
        return (time.monotonic() - self.began_s) / self.ran * (self.total - self.done)


@dataclass(slots=True)
class LaneRunner:
    """The rounds of one lane's hosts."""

    hosts: Hosts
    bundle: LoadedBundle
    folder: RunFolder
    journal: Journal
    progress: Progress
    outcome: RunState
    calibrations: Mapping[str, Calibration]
    """Calibrations by cell id."""
    lane: int = 0
    tally: Tally = field(default_factory=Tally)
    _written: bool = True
    """True if the database may differ from its seed; true at first, since conformance has written to the database."""

    def run(self, number: int, cells: Sequence[Cell], loads: Mapping[str, Load], purpose: Purpose) -> list[Trial]:
        """Measure each cell once, in this order, or the cells that are left of a round that was interrupted.

        Args:
            number: the number of the round, or of the round of probes, counted from 0.
            cells: the cells in the order of their trials.
            loads: the loads by cell id.
            purpose: the purpose of the trials: to measure, or to look for a load.

        Returns:
            The round's trials, with the trials that the round had before an interruption.

        Raises:
            ToolFailedError: if a host failed, or the database died, since no later trial could be valid.
        """
        key = RoundKey(hardware=cells[0].hardware, purpose=purpose, number=number)
        before = self.outcome.of_round(key)
        left = [cell for cell in cells if cell.id not in before]
        if left:
            order = [*self.outcome.orders.get(key, [cell.id for cell in cells])]
            left.sort(key=lambda cell: order.index(cell.id))
            self.journal.record("round-started", round=key.model_dump(), lane=self.lane, cells=order)
            self._measure(key, left, loads)
        if key not in self.outcome.finished:
            self.journal.record("round-ended", round=key.model_dump(), lane=self.lane)
        found = self.outcome.of_round(key)
        return [found[cell.id] for cell in cells if cell.id in found]

    def _measure(self, key: RoundKey, cells: Sequence[Cell], loads: Mapping[str, Load]) -> None:
        """Carry out a trial of each cell, and judge each trial before the next trial begins."""
        scenarios = {scenario.name: scenario for scenario in self.bundle.experiment.scenarios}
        clock_offsets_s = self.hosts.site.clock_offsets_s()
        for cell in cells:
            scenario = scenarios[cell.scenario]
            measured = carry_out(
                self.hosts,
                cell,
                loads[cell.id],
                scenario,
                seed=self.bundle.experiment.seed + key.number,
                reset=self._written,
                clock_offsets_s=clock_offsets_s,
                now=lambda: datetime.now(UTC),
            )
            self._written = scenario.writes
            tally = self.tally
            with tally.taking:
                trial = self._take(measured, cell, loads[cell.id], key)
                tally.done, tally.ran = tally.done + 1, tally.ran + 1
                tally.total = max(tally.total, tally.done)
                self.progress.trial(tally.done, tally.total, trial, tally.seconds_left())

    def _take(self, measured: Measured, cell: Cell, load: Load, key: RoundKey) -> Trial:
        """Judge and record a trial; the trial is done once the journal has it."""
        position = self.outcome.orders[key].index(cell.id)
        place = Position(lane=self.lane, round=key.number, position=position, started_at=measured.started_at)
        record = TrialRecord(
            trial=f"{'r' if key.purpose == 'measure' else 'probe'}{key.number}.p{position}",
            cell=cell.id,
            load=load,
            calibration=self.calibrations.get(cell.id, Calibration()),
            shared_host=SHARED_HOST in self.outcome.labels,
            measurement=measured.measurement,
        )
        trial = judge_record(record, cell, self.bundle.experiment, place, key.purpose)
        self.folder.keep(trial, record, measured)
        self.journal.record("trial-ended", trial=trial.model_dump(mode="json", by_alias=True))
        self.folder.add(trial, cell)
        database = measured.measurement.database
        if database and database.problem:
            raise ToolFailedError(f"host db: {database.problem}", next_step=f"the logs are in {self.folder.logs}")
        return trial
