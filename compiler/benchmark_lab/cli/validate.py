"""`lab validate`: says everything that is wrong with experiments, and with the manifests that experiments need."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from benchmark_lab.catalog import Catalog
from benchmark_lab.cli.input import options
from benchmark_lab.cli.input.project import find_root, plan_file, read_catalog
from benchmark_lab.cli.views import problems as view
from benchmark_lab.diagnostics import Diagnostic, InvalidExperimentError
from benchmark_lab.experiment import Changes


class ProblemFormat(StrEnum):
    """Formats in which `lab validate` prints mistakes."""

    TEXT = "text"
    GITHUB = "github"


def validate(
    files: options.Files,
    *,
    target: options.TargetOption = None,
    rounds: options.RoundsOption = None,
    lanes: options.Lanes = None,
    window: options.WindowOption = None,
    only: options.Only = None,
    keywords: options.Keywords = "",
    format_: Annotated[
        ProblemFormat, typer.Option("--format", help="Text, or GitHub's annotations.")
    ] = ProblemFormat.TEXT,
    as_json: options.AsJson = False,
) -> None:
    """Check experiments, and say everything that is wrong with them.

    Exit code 2: something is wrong.
    """
    changes = options.changes(target, rounds, lanes, window, only, keywords)
    found: list[Diagnostic] = []
    try:
        catalog = read_catalog(find_root(Path.cwd()))
    except InvalidExperimentError as error:
        found += error.diagnostics
    else:
        for file in files:
            found += _problems(file, catalog, changes)
    if as_json:
        typer.echo(view.as_json(found))
    elif format_ is ProblemFormat.GITHUB:
        typer.echo(view.github(found), nl=bool(found))
    elif found:
        typer.echo("\n\n".join(map(str, found)), err=True)
    if found:
        raise typer.Exit(InvalidExperimentError.exit_code)
    if not as_json:
        number = f"{len(files)} experiments are" if len(files) > 1 else f"{files[0]} is"
        typer.echo(f"{number} valid. Next: lab plan {files[0]}", err=True)


def _problems(file: Path, catalog: Catalog, changes: Changes) -> tuple[Diagnostic, ...]:
    try:
        plan_file(file, catalog, changes)
    except InvalidExperimentError as error:
        return error.diagnostics
    return ()
