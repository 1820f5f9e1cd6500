"""`lab plan`: shows what an experiment would do, without doing anything."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from benchmark_lab.cli.input import options
from benchmark_lab.cli.input.project import plan_here
from benchmark_lab.cli.views.plan_json import as_json as json_view
from benchmark_lab.cli.views.plan_markdown import markdown
from benchmark_lab.cli.views.plan_text import text
from benchmark_lab.cli.views.plan_words import apply_command


class PlanFormat(StrEnum):
    """Formats in which `lab plan` prints a plan."""

    TEXT = "text"
    MARKDOWN = "markdown"


def plan(
    file: options.File,
    *,
    target: options.TargetOption = None,
    rounds: options.RoundsOption = None,
    lanes: options.Lanes = None,
    window: options.WindowOption = None,
    only: options.Only = None,
    keywords: options.Keywords = "",
    format_: Annotated[
        PlanFormat, typer.Option("--format", help="For the terminal, or for a pull request.")
    ] = PlanFormat.TEXT,
    as_json: options.AsJson = False,
) -> None:
    """Show what an experiment would measure, in which order, and how long it takes."""
    _, planned = plan_here(file, options.changes(target, rounds, lanes, window, only, keywords))
    name = file.as_posix()
    if as_json:
        typer.echo(json_view(name, planned))
    elif format_ is PlanFormat.MARKDOWN:
        typer.echo(markdown(name, planned), nl=False)
    else:
        typer.echo(text(planned), nl=False)
        typer.echo(f"\nNext: {apply_command(name, planned.experiment.changes)}", err=True)
