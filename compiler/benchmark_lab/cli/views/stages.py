"""The stages of a run, for the terminal and as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence

import typer

from benchmark_lab.apply.explain import explain
from benchmark_lab.apply.stages import Stage

SUMMARY_ONLY = "Everything is measured; only the summary is left to write."


def print_stages(heading: str, stages: Sequence[Stage], *, as_json: bool) -> None:
    """Print what a run would do, stage by stage.

    Args:
        heading: which run it is, and what became of it so far.
        stages: what is left of it.
        as_json: print JSON instead of a table.
    """
    explained = explain(stages)
    if as_json:
        view = {"schema": 1, "run": heading, "stages": [{"stage": name, "does": text} for name, text in explained]}
        typer.echo(json.dumps(view, indent=1))
        return
    typer.echo(heading)
    width = max((len(name) for name, _ in explained), default=0)
    for number, (name, text) in enumerate(explained, start=1):
        typer.echo(f"{number:3}  {name:{width}}  {text}")
    if not explained:
        typer.echo(SUMMARY_ONLY)
