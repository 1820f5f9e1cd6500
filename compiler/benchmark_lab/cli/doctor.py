"""`lab doctor`: says what this machine lacks, and how to get what the machine lacks."""

from __future__ import annotations

import json
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

INCOMPLETE = 3


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
) -> None:
    """Say what this machine lacks for runs, and what this machine lacks for each driver of targets.

    The command also ends what a killed run left.
    Exit code 3: something is missing that a run on this machine needs.
    """
    from benchmark_lab.bundle import BundledLanguage  # noqa: PLC0415  imported late, for the speed of --help
    from benchmark_lab.catalog.load import load_languages  # noqa: PLC0415
    from benchmark_lab.cli.input.project import find_root  # noqa: PLC0415
    from benchmark_lab.diagnostics import InvalidExperimentError  # noqa: PLC0415
    from benchmark_lab.machine.folders import locked  # noqa: PLC0415
    from benchmark_lab.machine.lock import LockedError  # noqa: PLC0415
    from benchmark_lab.machine.process import Processes  # noqa: PLC0415
    from benchmark_lab.targets.doctor import Finding, examine  # noqa: PLC0415
    from benchmark_lab.targets.leftovers import reap_all  # noqa: PLC0415

    tools = Processes()
    languages: list[BundledLanguage] = []
    broken: list[Finding] = []
    if sys.platform == "linux":
        root = find_root(Path.cwd())
        with suppress(LockedError), locked("doctor"):  # where a run goes on, nothing is left over yet
            reap_all(root, tools, os.environ, lambda text: typer.echo(text, err=True))
        try:
            languages = [language.bundled(name) for name, language in load_languages(root).items()]
        except InvalidExperimentError as error:
            broken = [Finding(what="languages", ok=False, needed=True, found="cannot be read", help=str(error))]
    findings = [*examine(tools, os.environ, languages=languages), *broken]
    if as_json:
        typer.echo(json.dumps({"schema": 1, "findings": [finding.model_dump() for finding in findings]}, indent=1))
    else:
        for finding in findings:
            mark = "ok     " if finding.ok else "missing" if finding.needed else "note   "
            typer.echo(f"{mark} {finding.what}: {finding.found}")
            if not finding.ok:
                typer.echo(f"        {finding.help}")
    if any(finding.needed and not finding.ok for finding in findings):
        raise typer.Exit(INCOMPLETE)
    typer.echo("Next: lab apply experiments/quickstart.yaml", err=True)
