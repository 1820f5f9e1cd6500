"""Runs found and read back from `results/`, for the commands that speak of one."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from benchmark_lab.bundle import Cells, Experiment
from benchmark_lab.diagnostics import LabError, nearest
from benchmark_lab.results.runs import StoredRun
from benchmark_lab.results.trials import ReadTrials, read_trials
from benchmark_lab.run import Summary
from benchmark_lab.runtime.store import read_stored
from benchmark_lab.runtime.tools import ToolFailedError


class UnreadableRunError(LabError):
    """No run, or no readable one, where the user said."""

    exit_code = 2


def find_run(named: str, start: Path) -> Path:
    """The folder of a run: given as a path, or by its folder's name or id below the `results/` at or above `start`.

    Raises:
        UnreadableRunError: there is none, or more than one.
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
    """The folder of the run that began last, below the `results/` at or above `start`.

    Raises:
        UnreadableRunError: there is none.
    """
    runs = [folder for folder in _runs(start) if (folder / "journal.jsonl").exists()]
    if not runs:
        raise UnreadableRunError(f"there is no run below the results/ of {start}")
    return max(runs, key=lambda folder: (folder / "journal.jsonl").stat().st_ctime)


def read_run(folder: Path) -> StoredRun:
    """Read what a run left, interrupted or not: its bundle, its trials and, where it came to one, its summary.

    Raises:
        UnreadableRunError: it is no run, is broken, was written by a newer `lab`, or its files contradict each other.
    """
    if not (folder / "bundle").is_dir():
        raise UnreadableRunError(f"{folder} is no run: it has no bundle/")
    try:
        experiment = read_stored(folder / "bundle" / "experiment.json", Experiment)
        cells = read_stored(folder / "bundle" / "cells.json", Cells).cells
        summary = read_stored(folder / "summary.json", Summary) if (folder / "summary.json").exists() else None
    except ToolFailedError as error:  # here a file that the user named, not a tool
        raise UnreadableRunError(str(error)) from error
    read = _read_trials(folder / "trials.jsonl")
    if unknown := {trial.cell for trial in read.trials} - {cell.id for cell in cells}:
        raise UnreadableRunError(f"{folder}: the bundle does not have the trials' cells {', '.join(sorted(unknown))}")
    remarks = [read.remark] if read.remark else []
    if summary is None:
        remarks.append("the run has no summary.json, so it is taken for one on a shared host")
    return StoredRun(folder.resolve().name, experiment, cells, read.trials, summary, tuple(remarks))


def _read_trials(path: Path) -> ReadTrials:
    try:
        return read_trials(path.read_text(encoding="utf-8", errors="replace") if path.exists() else "")
    except ValidationError as error:
        raise UnreadableRunError(f"{path} cannot be read: {error.errors()[0]['msg']}") from error


def _runs(start: Path) -> list[Path]:
    return [
        folder
        for results in (parent / "results" for parent in (start, *start.parents))
        for folder in sorted(results.glob("*/*/"))
        if (folder / "bundle").is_dir()
    ]
