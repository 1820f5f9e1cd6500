"""Prints the stages of a run, for the terminal and as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence

import typer

from benchmark_lab.apply.explain import explain
from benchmark_lab.apply.stages import Stage

SUMMARY_ONLY = "Everything is measured; only the summary is left to write."


def print_stages(name: str, became: str, stages: Sequence[Stage], *, as_json: bool) -> None:
    """Print what a run would do, stage by stage.

    Args:
        name: name of the run, or of the experiment that the run would carry out.
        became: what became of the run so far, and how long the rest takes.
        stages: the stages that are left of the run.
        as_json: print JSON instead of a table.
    """
    explained = explain(stages)
    if as_json:
        view = {"schema": 1, "run": name, "stages": [{"stage": stage, "does": text} for stage, text in explained]}
        typer.echo(json.dumps(view, indent=1))
        return
    typer.echo(f"Run {name}, {became}:")
    width = max((len(stage) for stage, _ in explained), default=0)
    for number, (stage, text) in enumerate(explained, start=1):
        typer.echo(f"{number:3}  {stage:{width}}  {text}")
    if not explained:
        typer.echo(SUMMARY_ONLY)
