"""Finds runs in `results/` and reads runs back, for the commands that speak of a run."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile
from pathlib import Path

from pydantic import ValidationError

from benchmark_lab.bundle import Cells, Experiment
from benchmark_lab.diagnostics import LabError, nearest
from benchmark_lab.machine.tools import ToolFailedError
from benchmark_lab.records import Summary, Trial
from benchmark_lab.results.runs import StoredRun
from benchmark_lab.store.bundles import read_stored
from benchmark_lab.store.reading import ReadTrials, read_trials
from benchmark_lab.store.run_state import RunState, read_run_state
from benchmark_lab.store.seal import broken


class UnreadableRunError(LabError):
    """There is no run, or no readable run, where the user said."""

    exit_code = 2


def find_run(named: str, start: Path) -> Path:
    """Return the folder of a run that is given as a path, or as the folder's name or the run's id.

    `find_run` looks a name or an id up below the `results/` at or above `start`.

    Raises:
        UnreadableRunError: if there is no such run, or more than one run.
    """
    if (folder := start / named).is_dir():
        return folder
    runs = _runs(start)
    found = [folder for folder in runs if folder.name == named or folder.name.endswith(f"-{named}")]
    if len(found) > 1:
        listed = "\n".join(f"  {folder}" for folder in found)
        raise UnreadableRunError(f"`{named}` stands for {len(found)} runs:\n{listed}\nhelp: give the folder")
    if not found:
        help_line = nearest(named, {folder.name for folder in runs}) or "give a run's folder, its name or its id"
        raise UnreadableRunError(f"there is no run `{named}` in {start}, nor below results/\nhelp: {help_line}")
    return found[0]


def newest_run(start: Path) -> Path:
    """Return the folder of the run that began last, below the `results/` at or above `start`.

    Raises:
        UnreadableRunError: if there is no run.
    """
    runs = [folder for folder in _runs(start) if (folder / "journal.jsonl").exists()]
    if not runs:
        raise UnreadableRunError(f"there is no run below the results/ of {start}")
    return max(runs, key=lambda folder: (folder / "journal.jsonl").stat().st_ctime)


def read_run(folder: Path) -> StoredRun:
    """Read what a run left, interrupted or not: its bundle, its trials and, where there is a summary, its summary.

    The trials are the journal's trials, where the run has a journal. A file of the run that is torn or was changed
    brings a warning.

    Raises:
        UnreadableRunError: if the folder is no run, is broken, has another schema, or has files that contradict each
            other.
    """
    if not (folder / "bundle").is_dir():
        raise UnreadableRunError(f"{folder} is no run: it has no bundle/")
    try:
        experiment = read_stored(folder / "bundle" / "experiment.json", Experiment)
        cells = read_stored(folder / "bundle" / "cells.json", Cells).cells
        outcome, torn = read_run_state(folder / "journal.jsonl")
    except ToolFailedError as error:  # here a file that the user named, not a tool
        raise UnreadableRunError(str(error)) from error
    changed = broken(folder, outcome.seal, ("summary.json", "trials.jsonl")) if outcome.seal else []
    warnings = [torn] if torn else []
    if outcome.ended is None and (folder / "journal.jsonl").exists():
        warnings.append("the journal has no end: the run is going on, or was killed")
    warnings += [f"{name} is not what the run left: its SHA-256 differs" for name in changed]
    summary, problem = (None, None) if "summary.json" in changed else _read_summary(folder / "summary.json")
    read = _read_trials(folder / "trials.jsonl", outcome)
    warnings += [warning for warning in (read.warning, problem) if warning]
    if unknown := {trial.cell for trial in read.trials} - {cell.id for cell in cells}:
        raise UnreadableRunError(f"{folder}: the bundle does not have the trials' cells {', '.join(sorted(unknown))}")
    if summary is None:
        warnings.append("the run has no summary.json, so it is taken for one on a shared host")
    known = summary.cells if summary else ()
    return StoredRun(
        folder.resolve().name,
        experiment,
        cells,
        read.trials,
        summary,
        excluded={cell.cell: why for cell in known if (why := cell.excluded or cell.retired)} | outcome.excluded,
        unequal_utilisation={cell.cell: cell.unequal_utilisation for cell in known if cell.unequal_utilisation}
        | outcome.unequal_utilisation,
        searches={cell.cell: cell.search for cell in known if cell.search} | outcome.searches,
        warnings=tuple(warnings),
        journalled_labels=outcome.labels,
    )


def _read_summary(path: Path) -> tuple[Summary | None, str | None]:
    """Return the summary, if there is a whole summary, and a warning if there is a torn summary."""
    if not path.exists():
        return None, None
    try:
        return Summary.model_validate_json(path.read_bytes()), None
    except ValidationError as error:
        _refuse_other_schema(path, error)
        return None, "summary.json is torn or was changed, and does not count"


def _read_trials(path: Path, outcome: RunState) -> ReadTrials:
    try:
        read = read_trials(path.read_text(encoding="utf-8", errors="replace") if path.exists() else "")
    except ValidationError as error:
        if outcome.start is None:
            _refuse_other_schema(path, error)
        read = ReadTrials((), "trials.jsonl cannot be read")
    if outcome.start is None:
        return read
    trials = tuple(outcome.trials)
    if outcome.ended is None and len(read.trials) > len(trials) == _agreeing(read.trials, trials):
        return ReadTrials(read.trials, "the journal lost its end, and trials.jsonl has trials after it: they count")
    differs = None if read.trials == trials else "trials.jsonl differs from the journal, whose trials count"
    return ReadTrials(trials, differs)


def _agreeing(one: Sequence[Trial], other: Sequence[Trial]) -> int:
    """Return the number of trials, from the first trial on, that are the same in both sequences."""
    return len([*takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False))])


def _refuse_other_schema(path: Path, error: ValidationError) -> None:
    """Raise UnreadableRunError where the schema is wrong, rather than the file."""
    for detail in error.errors():
        if detail["type"] == "value_error":
            raise UnreadableRunError(f"{path} cannot be read: {detail['msg']}") from error


def _runs(start: Path) -> list[Path]:
    return [
        folder
        for results in (parent / "results" for parent in (start, *start.parents))
        for folder in sorted(results.glob("*/*/"))
        if (folder / "bundle").is_dir()
    ]
