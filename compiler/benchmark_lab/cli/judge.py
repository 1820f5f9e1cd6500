"""`lab judge`: says whether a run's verdicts follow from what was measured."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from benchmark_lab.records import Trial, TrialRecord
from benchmark_lab.report.figures import counted
from benchmark_lab.results.rejudge import judge_again
from benchmark_lab.store.reading import read_records
from benchmark_lab.store.runs import UnreadableRunError, find_run, read_run

JUDGED_OTHERWISE = 1


def judge(run: Annotated[str, typer.Argument(help="A run: its folder, or its name or id below results/.")]) -> None:
    """Judge a run's trials again from what was measured, by the run's thresholds and the rules of this `lab`.

    Exit code 1: a trial is judged otherwise than before, or has no record for a judgement.
    """
    folder = find_run(run, Path.cwd())
    stored = read_run(folder)
    for warning in stored.warnings:
        typer.echo(f"note: {warning}", err=True)
    same = 0
    for trial, again in judge_again(stored, _records(folder)):
        if again and _in_words(again) == _in_words(trial):
            same += 1
        else:
            found = _in_words(again) if again else "no record"
            typer.echo(f"{trial.trial} {trial.cell}: {_in_words(trial)}; again {found}")
    typer.echo(f"{same} of {counted(len(stored.trials), 'trial')} are judged as they were.", err=True)
    if same < len(stored.trials):
        raise typer.Exit(JUDGED_OTHERWISE)


def _in_words(trial: Trial) -> str:
    """Return in words what a trial was judged to be: the verdict, the reasons, the bottleneck and the warnings."""
    reasons = f" ({', '.join(reason.code for reason in trial.reasons)})" if trial.reasons else ""
    limit = f", bottleneck {trial.bottleneck}" if trial.bottleneck else ""
    warnings = f", warnings {', '.join(warning.code for warning in trial.warnings)}" if trial.warnings else ""
    return f"{trial.verdict}{reasons}{limit}{warnings}"


def _records(folder: Path) -> list[TrialRecord]:
    files = [folder / name for name in ("measurements.jsonl", "distributions.jsonl")]
    texts = [path.read_text(encoding="utf-8", errors="replace") if path.exists() else "" for path in files]
    try:
        return [*read_records(*texts)]
    except ValidationError as error:
        raise UnreadableRunError(f"{folder}: the records of its trials cannot be read: {error}") from error
