"""`lab compile`: writes an experiment's bundle to disk."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from benchmark_lab.cli.input import options
from benchmark_lab.cli.input.project import plan_here
from benchmark_lab.cli.views.plan_words import apply_command
from benchmark_lab.emit import emit
from benchmark_lab.machine.process import Processes
from benchmark_lab.source.quantity import counted
from benchmark_lab.store.bundles import write_bundle


def compile(  # noqa: A001  # the command's name
    file: options.File,
    *,
    out: Annotated[
        Path | None, typer.Option(file_okay=False, help="The bundle's folder.", show_default=".lab/NAME")
    ] = None,
    target: options.TargetOption = None,
    rounds: options.RoundsOption = None,
    lanes: options.Lanes = None,
    window: options.WindowOption = None,
    only: options.Only = None,
    keywords: options.Keywords = "",
    as_json: options.AsJson = False,
) -> None:
    """Write an experiment's bundle: the files that apply carries out."""
    root, plan = plan_here(file, options.changes(target, rounds, lanes, window, only, keywords))
    bundle = emit(plan)
    folder = out or root / ".lab" / plan.experiment.name
    write_bundle(bundle, root, folder, Processes())
    if as_json:
        report = {"schema": 1, "bundle": str(folder), "cells": len(plan.cells), "files": list(bundle.files)}
        typer.echo(json.dumps(report, indent=2))
    else:
        typer.echo(folder)
        command = apply_command(file.as_posix(), plan.experiment.changes)
        typer.echo(f"Compiled {counted(len(plan.cells), 'cell')}. Next: {command}", err=True)
