"""`lab cancel`: ends a run that is going on, so that the run cleans up and can be resumed."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Annotated

import typer

from benchmark_lab.apply.status import status_of
from benchmark_lab.cli.status import words
from benchmark_lab.diagnostics import LabError
from benchmark_lab.store.runs import find_run, newest_run


class NotCancelledError(LabError):
    """`lab` cannot reach the run's process from here."""

    exit_code = 3


def cancel(
    run: Annotated[
        str | None, typer.Argument(help="A run: its folder, or its name or id below results/; by default the newest.")
    ] = None,
) -> None:
    """Send a run's process one signal, as Ctrl-C does, and wait until the process has cleaned up.

    Nothing happens to a run that is not going on.
    """
    folder = find_run(run, Path.cwd()) if run else newest_run(Path.cwd())
    found = status_of(folder)
    if found.state == "elsewhere":
        raise NotCancelledError(f"{folder} is carried out on another host: cancel it there")
    if found.state != "running" or found.pid is None:
        typer.echo(f"{folder} is not running.", err=True)
        typer.echo(words(found))
        return
    try:
        os.kill(found.pid, signal.SIGTERM)
    except PermissionError as error:
        raise NotCancelledError(f"pid {found.pid} belongs to another user: ask them, or use sudo") from error
    typer.echo(f"Asked pid {found.pid} to end; waiting until it has cleaned up.", err=True)
    while (found := status_of(folder)).state == "running":
        time.sleep(0.2)
    typer.echo(words(found))
