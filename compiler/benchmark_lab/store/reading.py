"""Reads trials and their records back from the files of a run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import ValidationError

from benchmark_lab.judge.metrics import without_strangers
from benchmark_lab.records import LatencyDistribution, Measurement, Trial, TrialRecord


@dataclass(frozen=True, slots=True)
class ReadTrials:
    """The trials of a file's valid prefix; `warning` says what follows the prefix, if anything."""

    trials: tuple[Trial, ...]
    warning: str | None = None


def read_trials(text: str) -> ReadTrials:
    """Read the trials of a file that an interrupted writer may have left.

    A torn line, and the lines after the torn line, do not count.

    Raises:
        ValidationError: if a line is whole but was written with another schema.
    """
    trials: list[Trial] = []
    lines = text.splitlines()
    for number, line in enumerate(lines, start=1):
        try:
            trials.append(without_strangers(Trial.model_validate_json(line)))
        except ValidationError as error:
            if any(detail["type"] == "value_error" for detail in error.errors()):
                raise
            left_out = len(lines) - number
            warning = f"line {number} of trials.jsonl is torn or no trial: the {len(trials)} trials before it count"
            return ReadTrials(tuple(trials), warning + (f", {left_out} lines after it do not" if left_out else ""))
    return ReadTrials(tuple(trials))


def read_records(measurements: str, distributions: str) -> Iterator[TrialRecord]:
    """Yield each record with the latencies of its window; a torn last line is left out.

    Raises:
        ValidationError: if a line is broken, or was written with another schema.
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
