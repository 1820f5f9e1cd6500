"""Proves each deployed implementation correct before its first trial."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from benchmark_lab.bundle import Cell
from benchmark_lab.conformance import Target, UnreachableError, run_conformance
from benchmark_lab.runtime.hosts import Hosts
from benchmark_lab.runtime.tools import ToolFailedError
from benchmark_lab.runtime.trials import server_variables


def first_cells(cells: Sequence[Cell]) -> list[Cell]:
    """The first cell of each implementation and server: what the gate starts."""
    found: dict[tuple[str, str], Cell] = {}
    for cell in cells:
        found.setdefault((cell.implementation, cell.server), cell)
    return list(found.values())


def prove(
    hosts: Hosts, cells: Sequence[Cell], on_step: Callable[[str], None], *, openapi: Path, seed: int, logs: Path
) -> Mapping[tuple[str, str], str]:
    """Run the gate on each implementation and server; its report goes to `logs/gate-<implementation>-<server>.log`.

    Returns:
        Why not, for each that is not to be measured.
    """
    refused: dict[tuple[str, str], str] = {}
    for cell in first_cells(cells):
        name = f"{cell.implementation} ({cell.server})"
        on_step(f"Prove {name} correct")
        try:
            base_url = hosts.serve(server_variables(cell, hosts.builds[cell.implementation]))
        except ToolFailedError as error:
            refused[cell.implementation, cell.server] = f"its server does not start: {error}"
            continue
        target = Target(
            base_url=base_url,
            db_url=hosts.database_url,
            upstream_url=hosts.upstream_url,
            jwt_secret=hosts.secrets.jwt_secret,
            middleware_depth=int(cell.env.get("MIDDLEWARE_DEPTH", "0")),
            server_log=hosts.server_log,
        )
        try:
            report = run_conformance(target, "gate", openapi=openapi, seed=seed)
        except UnreachableError as error:
            refused[cell.implementation, cell.server] = f"it stopped answering during the conformance gate: {error}"
            continue
        log = logs / f"gate-{cell.implementation}-{cell.server}.log"
        log.write_text("\n".join(report.lines()) + "\n", encoding="utf-8")
        if not report.ok:
            failed = [result for result in report.results if result.status == "failed"]
            names = ", ".join(result.check for result in failed)
            refused[cell.implementation, cell.server] = f"it fails conformance ({names}); see {log}"
    return refused
