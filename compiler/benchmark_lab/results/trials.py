"""The text of `trials.jsonl` read back: every whole line, up to the first that is not."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import ValidationError

from benchmark_lab.records import Trial


@dataclass(frozen=True, slots=True)
class ReadTrials:
    """The trials of a file's valid prefix; `remark` says what follows it, if anything."""

    trials: tuple[Trial, ...]
    remark: str | None = None


def read_trials(text: str) -> ReadTrials:
    """Read a file that an interrupted writer may have left: a torn line, and what follows it, is not counted.

    Raises:
        ValidationError: a line is whole but was written with a newer schema.
    """
    trials: list[Trial] = []
    lines = text.splitlines()
    for number, line in enumerate(lines, start=1):
        try:
            trials.append(Trial.model_validate_json(line))
        except ValidationError as error:
            if any(detail["type"] == "value_error" for detail in error.errors()):
                raise
            left_out = len(lines) - number
            remark = f"line {number} of trials.jsonl is torn or no trial: the {len(trials)} trials before it count"
            return ReadTrials(tuple(trials), remark + (f", {left_out} lines after it do not" if left_out else ""))
    return ReadTrials(tuple(trials))
