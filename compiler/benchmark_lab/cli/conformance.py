"""`lab conformance`: checks whether a running server, or every server of an implementation, implements the API."""

from __future__ import annotations

import json
import os
import secrets
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from benchmark_lab.apply.conform import Checked, conform
from benchmark_lab.cli.input.caller import find_caller
from benchmark_lab.cli.input.project import find_root, read_catalog
from benchmark_lab.cli.views.progress import RunProgress
from benchmark_lab.conformance import CHECKS, Check, Depth, Sut, run_conformance
from benchmark_lab.conformance.visible import resident_bytes
from benchmark_lab.emit import emit
from benchmark_lab.machine.process import Processes
from benchmark_lab.plan.every_server import plan_every_server
from benchmark_lab.store.bundles import write_bundle
from benchmark_lab.store.run_folder import new_run_folder

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
    implementations: Annotated[
        list[str] | None, typer.Argument(help="Build and start these, with each of their servers, and check them.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Every implementation.")] = False,
    servers: Annotated[
        list[str] | None, typer.Option("--server", help="Of the implementations only this server; may be repeated.")
    ] = None,
    base_url: Annotated[
        str | None, typer.Option(help="Check what listens there, such as http://127.0.0.1:8000, instead.")
    ] = None,
    db_url: Annotated[
        str | None,
        typer.Option(help="Its database; rows are written, and removed again. The password may stand in PGPASSWORD."),
    ] = None,
    upstream_url: Annotated[str | None, typer.Option(help="The upstream that it calls.")] = None,
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
    """Prove that servers implement spec/openapi.yaml and spec/behaviour.md.

    Either name implementations: `lab` builds and starts them on this machine, beside a database of their own.
    Or name one server that runs already (--base-url). What is not given of the server is not looked at: the checks of
    what is missing are skipped, and the report says so.
    Exit code 3: nothing answers, or a tool failed. Exit code 4: a server does not conform.
    """
    if sum(map(bool, (implementations, every, base_url))) != 1:
        raise typer.BadParameter("give either names of implementations, or --all, or --base-url")
    drawn = secrets.randbelow(2**31) if seed is None else seed
    chosen: Sequence[Check] = checks or CHECKS
    if base_url is None:
        raise typer.Exit(_check_all(implementations or (), servers or (), depth, drawn, chosen, as_json=as_json))
    target = Sut(
        base_url,
        db_url,
        upstream_url,
        jwt_secret,
        jwt_audience,
        middleware_depth,
        server_log=partial(server_log.read_text, encoding="utf-8", errors="replace") if server_log else None,
        server_memory=partial(resident_bytes, server_pid) if server_pid else None,
    )
    openapi = find_root(Path.cwd()) / "spec" / "openapi.yaml"
    report = run_conformance(target, depth, openapi=openapi, seed=drawn, checks=chosen)
    typer.echo(report.model_dump_json(indent=1) if as_json else "\n".join(report.lines()))
    if not report.ok:
        raise typer.Exit(NOT_CONFORMING)


def _check_all(
    names: Sequence[str], servers: Sequence[str], depth: Depth, seed: int, checks: Sequence[Check], *, as_json: bool
) -> int:
    """Start and check every server of the implementations, and return the exit code."""
    root = find_root(Path.cwd())
    plan = plan_every_server(read_catalog(root), names, servers)
    tools = Processes()
    folder = new_run_folder(root / "results", plan.experiment.name, datetime.now(UTC))
    write_bundle(emit(plan), root, folder.bundle, tools)
    outcomes: list[Checked] = []

    def on_checked(checked: Checked) -> None:
        outcomes.append(checked)
        if not as_json:
            typer.echo("\n".join(_lines(checked)))

    began = time.monotonic()
    with RunProgress() as progress:
        caller = find_caller(root, tools)
        conform(
            folder,
            depth,
            seed,
            checks,
            caller=caller,
            tools=tools,
            mark=tools.mark,
            progress=progress,
            on_checked=on_checked,
        )
    conforming = sum(checked.ok for checked in outcomes)
    if as_json:
        typer.echo(json.dumps({"schema": 1, "servers": [_data(checked) for checked in outcomes]}, indent=1))
    else:
        typer.echo(
            f"{conforming} of {len(outcomes)} servers conform, in {time.monotonic() - began:.0f} s (seed {seed})."
        )
    return 0 if conforming == len(outcomes) else NOT_CONFORMING


def _lines(checked: Checked) -> Sequence[str]:
    if checked.report is None:
        return [f"failed     {checked.name}", f"  {checked.problem}"]
    report = checked.report
    counts = f"{report.count('passed')} passed, {report.count('skipped')} skipped in {report.seconds:.1f} s"
    if checked.ok and not report.count("skipped"):
        return [f"conforms   {checked.name}  {counts}"]
    return [f"{'conforms' if checked.ok else 'failed  '}   {checked.name}", *(f"  {line}" for line in report.lines())]


def _data(checked: Checked) -> dict[str, object]:
    cell, report = checked.cell, checked.report
    about = {"implementation": cell.implementation, "server": cell.server, "workers": cell.workers, "ok": checked.ok}
    found = {"problem": checked.problem} if report is None else {"report": report.model_dump(mode="json")}
    return {**about, "parameters": cell.parameters, **found}
