"""Trials judged by their records; and records read back from `measurements.jsonl` and `distributions.jsonl`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from benchmark_lab.judge import Place, judge_record
from benchmark_lab.records import LatencyDistribution, Measurement, Trial, TrialRecord
from benchmark_lab.results.runs import StoredRun


def judge_again(run: StoredRun, records: Iterable[TrialRecord]) -> Iterator[tuple[Trial, Trial | None]]:
    """Each trial of a run, and beside it what its record gives; None where it has no record."""
    cells = {cell.id: cell for cell in run.cells}
    by_trial = {(record.trial, record.cell): record for record in records}
    for trial in run.trials:
        place = Place(trial.lane, trial.round, trial.position, trial.started_at)
        record = by_trial.get((trial.trial, trial.cell))
        again = judge_record(record, cells[trial.cell], run.experiment, place, trial.purpose) if record else None
        yield trial, again


def read_records(measurements: str, distributions: str) -> Iterator[TrialRecord]:
    """Each record with the latencies of its window; a torn last line is left out.

    Raises:
        ValidationError: a line is broken, or was written with a newer schema.
    """
    latencies = {
        (of.trial, of.cell): of for of in map(LatencyDistribution.model_validate_json, _whole_lines(distributions))
    }
    for record in map(TrialRecord.model_validate_json, _whole_lines(measurements)):
        found = latencies.get((record.trial, record.cell))
        yield record.model_copy(update={"measurement": _joined(record.measurement, found)}) if found else record


def _joined(measurement: Measurement, latencies: LatencyDistribution) -> Measurement:
    if measurement.load is None:
        return measurement
    quantiles = {"latency_quantiles_ms": latencies.quantiles_ms, "latency_tail_ms": latencies.tail_ms}
    return measurement.model_copy(update={"load": measurement.load.model_copy(update=quantiles)})


def _whole_lines(text: str) -> list[str]:
    return text[: text.rfind("\n") + 1].splitlines()
