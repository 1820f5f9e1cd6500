"""`lab conformance`: whether a running server is a correct implementation of the API."""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from benchmark_lab.cli.project import find_root
from benchmark_lab.conformance import CHECKS, Check, Depth, Target, run_conformance

NOT_CONFORMING = 4


def _secret(variable: str) -> str:
    secret = os.environ.get(variable)
    if not secret:
        raise typer.BadParameter(f"the environment has no variable {variable}")
    return secret


def _named(identifier: str) -> Check:
    found = next((check for check in CHECKS if check.id == identifier), None)
    if found is None:
        raise typer.BadParameter(f"`{identifier}` is none of {', '.join(check.id for check in CHECKS)}")
    return found


def conformance(
    base_url: Annotated[str, typer.Option(help="Where the server listens, such as http://127.0.0.1:8000.")],
    db_url: Annotated[
        str | None,
        typer.Option(help="Its database; rows are written, and removed again. The password may stand in PGPASSWORD."),
    ] = None,
    upstream_url: Annotated[str | None, typer.Option(help="The simulated external API that it calls.")] = None,
    jwt_secret: Annotated[
        str | None,
        typer.Option(
            "--jwt-secret-env", metavar="NAME", parser=_secret, help="Environment variable that holds its JWT_SECRET."
        ),
    ] = None,
    jwt_audience: Annotated[str, typer.Option(help="Its JWT_AUDIENCE.")] = "benchmark-lab",
    middleware_depth: Annotated[int, typer.Option(min=0, help="Its MIDDLEWARE_DEPTH.")] = 0,
    server_log: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="File with its standard output.")
    ] = None,
    server_pid: Annotated[int | None, typer.Option(min=1, help="Its first process, on this machine.")] = None,
    depth: Annotated[
        Depth, typer.Option(help="gate: within seconds; full: every boundary and large uploads.")
    ] = "full",
    checks: Annotated[
        list[Check] | None,
        typer.Option("--check", metavar="ID", parser=_named, help="Only the check of this line; may be repeated."),
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Draw the same inputs as a run that reported this seed.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Prove that a running server implements spec/openapi.yaml and spec/behaviour.md.

    What is not given is not looked at: its checks are skipped, and the report says so.
    Exit code 3: nothing answers. 4: the server does not conform.
    """
    target = Target(base_url, db_url, upstream_url, jwt_secret, jwt_audience, middleware_depth, server_log, server_pid)
    chosen: Sequence[Check] = checks or CHECKS
    openapi = find_root(Path.cwd()) / "spec" / "openapi.yaml"
    report = run_conformance(
        target, depth, openapi=openapi, seed=secrets.randbelow(2**31) if seed is None else seed, checks=chosen
    )
    typer.echo(report.model_dump_json(indent=1) if as_json else "\n".join(report.lines()))
    if not report.ok:
        raise typer.Exit(NOT_CONFORMING)
