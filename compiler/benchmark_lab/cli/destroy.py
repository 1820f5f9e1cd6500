"""`lab destroy`: removes whatever a run may have left on its hosts, and checks that nothing is left."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from benchmark_lab.apply.status import status_of
from benchmark_lab.cli.input.project import find_root
from benchmark_lab.machine import folders
from benchmark_lab.machine.lock import LockedError
from benchmark_lab.machine.process import Processes
from benchmark_lab.store.run_folder import run_folder
from benchmark_lab.store.run_state import read_run_state
from benchmark_lab.store.runs import find_run
from benchmark_lab.targets.leftovers import remove_all


def destroy(run: Annotated[str, typer.Argument(help="A run: its folder, or its name or id below results/.")]) -> None:
    """Remove what a run left on its hosts: processes and state.

    The run's results stay, and the run can be resumed. The command may be repeated.
    Exit codes: 6 the run, or another one on its hosts, is going on; 7 something could not be removed.
    """
    folder = run_folder(find_run(run, Path.cwd()))
    found = status_of(folder.path)
    if found.state == "running":
        raise LockedError(
            f"{folder.path} is running (pid {found.pid})\nhelp: end it first: lab cancel {folder.path.name}"
        )
    outcome, _ = read_run_state(folder.journal)
    with folders.locked(f"{folder.name} (to be destroyed)"):
        state = folders.run_states() / folder.name
        removed = remove_all(state, outcome.marks, find_root(folder.path), Processes(), os.environ, _say)
    typer.echo(f"{'Removed what' if removed else 'Nothing is left of what'} {folder.path.name} had started.")


def _say(text: str) -> None:
    typer.echo(text, err=True)
