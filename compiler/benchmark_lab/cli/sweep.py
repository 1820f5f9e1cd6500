"""`lab sweep`: finds by tags what runs have left on AWS, and removes what is left if asked to."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from benchmark_lab.cli.input import options


def sweep(
    *,
    region: Annotated[
        str | None, typer.Option(help="Another region than that of the target.", show_default=False)
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Remove what is listed.")] = False,
    as_json: options.AsJson = False,
) -> None:
    """List what your runs have left on AWS: what outlived its time, or its run on this machine.

    The option --yes removes what is listed. Nothing else is touched: not what others own, nor what is not tagged with a
    run, nor runs that still go on.

    Exit codes: 3 AWS does not answer, 7 something could not be removed.
    """
    from benchmark_lab.cli.input.project import find_root, read_catalog  # noqa: PLC0415  late, for the speed of --help
    from benchmark_lab.targets.aws_ec2.account import connect  # noqa: PLC0415
    from benchmark_lab.targets.aws_ec2.driver import ended_runs  # noqa: PLC0415
    from benchmark_lab.targets.aws_ec2.sweep import Patience, leftovers, remove_and_look  # noqa: PLC0415

    root = find_root(Path.cwd())
    regions = [region] if region else [each.region for each in read_catalog(root).targets.values() if each.region]
    ended, now = ended_runs(root / "results"), datetime.now(UTC)
    listed: list[dict[str, str]] = []
    for place in dict.fromkeys(regions):
        account = connect(place)
        look = partial(leftovers, account, now, ended)
        for left in look():
            of = left.resource
            listed.append({"region": place, "kind": of.kind, "id": of.id, "run": of.run, "reason": left.reason})
            if not as_json:
                typer.echo(f"{place}  {left}")
        if yes:
            remove_and_look(account, look, _say, patience=Patience())
    if as_json:
        typer.echo(json.dumps({"schema": 1, "removed": yes, "leftovers": listed}, indent=2))
    elif not listed:
        _say(f"Nothing is left in {', '.join(regions)}.")
    else:
        _say("It is all removed." if yes else "Next: lab sweep --yes")


def _say(text: str) -> None:
    typer.echo(text, err=True)
