"""`lab status`: says how far a run has come."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from benchmark_lab.apply.status import RunStatus

EVERY_S = 1.0


def status(
    run: Annotated[
        str | None, typer.Argument(help="A run: its folder, or its name or id below results/; by default the newest.")
    ] = None,
    watch: Annotated[
        bool, typer.Option("--watch", help="Say it again whenever it changes, until the run ends.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the status as JSON.")] = False,
) -> None:
    """Say how far a run has come: its phase, its trials, the time left, what was spent, its last verdicts."""
    from benchmark_lab.apply.status import status_of  # noqa: PLC0415
    from benchmark_lab.store.runs import find_run, newest_run  # noqa: PLC0415  imported late, for --help

    folder = find_run(run, Path.cwd()) if run else newest_run(Path.cwd())
    before = None
    while True:
        found = status_of(folder)
        if found != before:
            typer.echo(found.model_dump_json(indent=None if watch else 1, by_alias=True) if as_json else words(found))
        before = found
        if not watch or found.state not in {"running", "elsewhere"}:
            return
        time.sleep(EVERY_S)


def words(status: RunStatus) -> str:
    """Return the status of a run in words, for people."""
    from benchmark_lab.cli.views.progress import minutes  # noqa: PLC0415

    doing = f", {status.phase}" if status.phase else ""
    by = f" (pid {status.pid})" if status.pid else ""
    left = "" if status.seconds_left is None else f", at most {minutes(status.seconds_left)} left"
    spent = "" if status.spent_usd is None else f", ${status.spent_usd:.2f} spent"
    probes = f" after {status.probes_done} probes" if status.probes_done else ""
    lines = [
        f"{status.folder}: {status.state}{doing}{by}",
        f"trial {status.trials_done} of at most {status.trials_planned}{probes}, {status.valid} valid{left}{spent}",
        *(f"  {verdict}" for verdict in status.last_verdicts),
        *(f"note: {note}" for note in status.notes),
    ]
    if status.state in {"killed", "interrupted"}:
        lines.append(f"Go on with: lab resume {status.run}")
    return "\n".join(lines)
