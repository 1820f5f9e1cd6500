"""The command line: one module for each command, loaded when the user asks for the command.

`lab --help` is quick, since no command is loaded for the help.
A command parses its arguments, calls one function and renders one view: data to stdout, words to stderr.
To add a command, write `cli/<name>.py` with a function of the same name (dashes as underscores).
Then name the command in COMMANDS.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Annotated

import typer

from benchmark_lab import __version__
from benchmark_lab.diagnostics import LabError

COMMANDS = {
    "validate": "Check experiments, and say everything that is wrong with them.",
    "plan": "Show what an experiment would measure, in which order, and how long it takes.",
    "compile": "Write an experiment's bundle: the files that apply carries out.",
    "apply": "Run experiments and write their results.",
    "resume": "Go on with a run that was interrupted or killed.",
    "status": "Show how far a run is.",
    "cancel": "End a run that is going on; it can be resumed.",
    "destroy": "Remove what a run may have left on its hosts.",
    "compare": "Compare a run's cells with its baseline, or two runs with each other.",
    "judge": "Judge a run's trials again from what was measured.",
    "conformance": "Prove that implementations, or a running server, keep the API's contract.",
    "list": "List implementations, scenarios, targets or experiments.",
    "new": "Make an implementation or a scenario to write.",
    "sweep": "List what runs have left on AWS, or remove it.",
    "testbed": "Make hosts of its own on this machine, look at them, or remove them.",
    "doctor": "Say what is missing on this machine, and how to get it.",
    "schema": "Print the JSON schema of a file that people write.",
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and exit with its code: 2 for invalid input or usage, 130 after Ctrl-C."""
    given = [*(sys.argv[1:] if arguments is None else arguments)]  # `list` is a command here, once it is loaded
    asked = next((argument for argument in given if not argument.startswith("-")), None)
    try:
        _app(asked)(given, prog_name="lab")
    except LabError as error:
        typer.echo(str(error), err=True)
        sys.exit(error.exit_code)


def _app(asked: str | None) -> typer.Typer:
    """Build the command line; load only the module of the command that the user asks for."""
    app = typer.Typer(
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_lab)
    for name, summary in COMMANDS.items():
        app.command(name, short_help=summary)(_load(name) if name == asked else _unloaded)
    return app


def _load(name: str) -> Callable[..., None]:
    function: Callable[..., None] = getattr(import_module(f"{__name__}.{name}"), name.replace("-", "_"))
    return function


def _unloaded() -> None:
    """Stand in for a command that is listed but that the user does not ask for."""


def _show_version(asked: bool) -> None:
    if asked:
        typer.echo(__version__)
        raise typer.Exit


def _lab(
    *,
    _version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_show_version, help="Show the version.")
    ] = False,
) -> None:
    """Verify backend web frameworks by real, reviewed and repeatable experiments."""
