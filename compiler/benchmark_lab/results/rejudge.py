"""Judges a run's trials again by their records."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from benchmark_lab.judge import Position, judge_record
from benchmark_lab.records import Trial, TrialRecord
from benchmark_lab.results.runs import StoredRun


def judge_again(run: StoredRun, records: Iterable[TrialRecord]) -> Iterator[tuple[Trial, Trial | None]]:
    """Yield each trial of a run, and beside the trial what its record gives; None where the trial has no record."""
    cells = {cell.id: cell for cell in run.cells}
    by_trial = {(record.trial, record.cell): record for record in records}
    for trial in run.trials:
        place = Position(trial.lane, trial.round, trial.position, trial.started_at)
        record = by_trial.get((trial.trial, trial.cell))
        again = judge_record(record, cells[trial.cell], run.experiment, place, trial.purpose) if record else None
        yield trial, again
