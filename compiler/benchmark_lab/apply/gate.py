"""Proves deployed implementations correct: each server before its first trial, or all servers by themselves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from benchmark_lab.apply.trials import server_order
from benchmark_lab.bundle import Cell
from benchmark_lab.conformance import CHECKS, Check, Depth, Report, UnreachableError, run_conformance
from benchmark_lab.hosts.prepared import Hosts, NotServingError


class NotProvenError(Exception):
    """A server cannot be checked, or does not conform; the error's text says why."""


def first_cells(cells: Sequence[Cell]) -> list[Cell]:
    """Return the first cell of each implementation and server: the cells whose servers the gate starts."""
    found: dict[tuple[str, str], Cell] = {}
    for cell in cells:
        found.setdefault((cell.implementation, cell.server), cell)
    return list(found.values())


def prove(
    hosts: Hosts, cell: Cell, on_step: Callable[[str], None], *, openapi: Path, seed: int, logs: Path
) -> str | None:
    """Run the gate on the cell's server; the report goes to `logs/gate-<implementation>-<server>.log`.

    Returns:
        Why the server is not to be measured; None if the server is to be measured.

    Raises:
        ToolFailedError: if a host fails, which says nothing of the server.
    """
    on_step(f"Prove {cell.implementation} ({cell.server}) correct")
    try:
        report = check_server(hosts, cell, "gate", openapi=openapi, seed=seed)
    except NotProvenError as error:
        reason = str(error)
    else:
        log = logs / f"gate-{cell.implementation}-{cell.server}.log"
        log.write_text("\n".join(report.lines()) + "\n", encoding="utf-8")
        if report.ok:
            return None
        failed = ", ".join(result.check for result in report.results if result.status == "failed")
        reason = f"it fails conformance ({failed}); see {log}"
    hosts.site.clock_offsets_s()  # fails where a host is gone, which looks like a server that is
    return reason


def check_server(
    hosts: Hosts, cell: Cell, depth: Depth, *, openapi: Path, seed: int, checks: Sequence[Check] = CHECKS
) -> Report:
    """Start the cell's server and hold it against the contract.

    Raises:
        NotProvenError: if the server does not start, has another number of workers, or stops answering.
        ToolFailedError: if the server's host fails.
    """
    try:
        served = hosts.serve(server_order(hosts, cell))
    except NotServingError as error:
        raise NotProvenError(f"its server does not start: {error}") from error
    if served.workers != cell.workers:
        raise NotProvenError(f"{served.workers} of its processes serve, not {cell.workers}")
    try:
        with hosts.target(served, int(cell.env.get("MIDDLEWARE_DEPTH", "0"))) as target:
            return run_conformance(target, depth, openapi=openapi, seed=seed, checks=checks)
    except UnreachableError as error:
        raise NotProvenError(f"it stopped answering during the conformance checks: {error}") from error
