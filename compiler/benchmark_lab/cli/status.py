"""`lab status`: how far a run has come."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def status(
    run: Annotated[
        str | None, typer.Argument(help="A run: its folder, or its name or id below results/; by default the newest.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the status as JSON.")] = False,
) -> None:
    """Say how far a run has come: its phase, its trials, its last verdicts."""
    from benchmark_lab.cli.stored_runs import find_run, newest_run  # noqa: PLC0415  imported late, for --help
    from benchmark_lab.runtime.status import status_of  # noqa: PLC0415

    found = status_of(find_run(run, Path.cwd()) if run else newest_run(Path.cwd()))
    if as_json:
        typer.echo(found.model_dump_json(indent=1, by_alias=True))
        return
    doing = f", {found.phase}" if found.phase else ""
    typer.echo(f"{found.folder}: {found.state}{doing}")
    typer.echo(f"trial {found.trials_done} of at most {found.trials_planned}, {found.valid} valid")
    for verdict in found.last_verdicts:
        typer.echo(f"  {verdict}")
