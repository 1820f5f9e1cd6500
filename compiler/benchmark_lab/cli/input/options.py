"""The flags that `validate`, `plan`, `compile` and `apply` share, and what the flags alter in an experiment."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from benchmark_lab.experiment import Changes
from benchmark_lab.source.quantity import seconds


def _window(text: str) -> float:
    try:
        window = seconds(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    if not 1 <= window <= 3600:  # noqa: PLR2004  # the bounds that the experiment's own window has
        raise typer.BadParameter("must be 1s to 1h")
    return window


def _axis_and_value(text: str) -> tuple[str, str]:
    axis, separator, value = text.partition("=")
    if not (axis and separator and value):
        raise typer.BadParameter(f"`{text}` must be AXIS=VALUE, such as server=uvicorn")
    return axis, value


File = Annotated[
    Path, typer.Argument(help="An experiment's YAML file.", exists=True, dir_okay=False, show_default=False)
]
Files = Annotated[
    list[Path], typer.Argument(help="Experiments' YAML files.", exists=True, dir_okay=False, show_default=False)
]
TargetOption = Annotated[str | None, typer.Option(help="Run on another target: a rehearsal.", show_default=False)]
RoundsOption = Annotated[int | None, typer.Option("--rounds", min=1, max=1000, help="Exactly this many rounds.")]
Lanes = Annotated[int | None, typer.Option(min=1, max=100, help="This many sets of hosts side by side.")]
WindowOption = Annotated[
    float | None, typer.Option(parser=_window, metavar="DURATION", help="Another measured window, such as 5s.")
]
Only = Annotated[
    list[str] | None,
    typer.Option(metavar="AXIS=VALUE", help="Only cells with this value; repeat for alternatives and further axes."),
]
Keywords = Annotated[
    str, typer.Option("-k", metavar="EXPR", help="Only cells whose id has these words: `fastapi and not w4`.")
]
InventoryFile = Annotated[
    Path | None,
    typer.Option(exists=True, dir_okay=False, help="Hosts for a target that makes none.", show_default=False),
]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask before what costs money.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Print the stages of the run, and do nothing.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def changes(
    target: str | None,
    rounds: int | None,
    lanes: int | None,
    window: float | None,
    only: list[str] | None,
    keywords: str,
) -> Changes:
    """Return the changes that the flags make to an experiment."""
    return Changes(target, rounds, lanes, window, tuple(map(_axis_and_value, only or ())), keywords)
