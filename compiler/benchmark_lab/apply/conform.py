"""Holds every server of a bundle's implementations against the contract, on this machine, without measuring."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmark_lab.apply.gate import NotProvenError, check_server
from benchmark_lab.bundle import Cell
from benchmark_lab.conformance import Check, Depth, Report
from benchmark_lab.hosts.caller import Caller
from benchmark_lab.hosts.prepared import HostRequest, Hosts
from benchmark_lab.hosts.secret import new_secrets
from benchmark_lab.machine import folders
from benchmark_lab.machine.interrupts import Interrupts
from benchmark_lab.machine.progress import Progress
from benchmark_lab.machine.tools import Tools
from benchmark_lab.store.bundles import read_bundle
from benchmark_lab.store.run_folder import RunFolder
from benchmark_lab.targets import make_hosts
from benchmark_lab.targets.leftovers import reap_all

MIDDLEWARES = 3
"""Number of counting middlewares that each server runs with: enough for the order of the middlewares to show."""


@dataclass(frozen=True, slots=True)
class Checked:
    """The check of one server with a number of workers: the report, or why there is no report."""

    cell: Cell
    report: Report | None
    problem: str = ""

    @property
    def name(self) -> str:
        """Return the cell's id without its scenario, which is not run."""
        return self.cell.id.replace(f".{self.cell.scenario}", "")

    @property
    def ok(self) -> bool:
        """True if the server conforms."""
        return self.report is not None and self.report.ok


def conform(
    folder: RunFolder,
    depth: Depth,
    seed: int,
    checks: Sequence[Check],
    *,
    caller: Caller,
    tools: Tools,
    mark: str,
    progress: Progress,
    on_checked: Callable[[Checked], None],
) -> None:
    """Start the server of each of the bundle's cells in turn, and check the server.

    Args:
        folder: the folder with the bundle in it; the playbooks' logs go to this folder.
        depth: the depth of the checks.
        seed: the seed that the inputs of the checks are drawn from.
        checks: the checks to make.
        caller: where the run comes from.
        tools: the seam to other programs.
        mark: the mark of the processes that `tools` starts.
        progress: the progress, which is told what happens.
        on_checked: the function that takes the outcome of each server once the server is checked.

    Raises:
        ToolFailedError: if a tool or the machine failed; nothing is left behind.
        ResourcesRemainError: if something could not be stopped.
        LockedError: if another run holds this machine.
    """
    bundle = read_bundle(folder.bundle)
    interrupts = Interrupts(progress.say)
    name = f"{folder.path.parent.name}-{folder.run}"
    with interrupts.handled(), folders.locked(name):
        reap_all(caller.project, tools, caller.environment, progress.say)
        hardware = bundle.experiment.hardware[0]
        state = folders.run_states() / name
        wanted = HostRequest(bundle, hardware, state, folder.logs, caller, tools, mark, new_secrets())
        hosts, *_ = make_hosts(wanted, interrupts, progress)
        try:
            progress.phase("prepare")
            hosts.prepare(progress.step, roles="db:sut")
            progress.phase("check")
            openapi = bundle.files / "spec" / "openapi.yaml"
            for cell in bundle.cells.cells:
                progress.step(f"{cell.implementation} ({cell.server}, workers {cell.workers})")
                checked = _check(hosts, cell, depth, openapi=openapi, seed=seed, checks=checks)
                if not checked.ok:
                    log = hosts.secrets.redact(hosts.site.server_log())
                    (folder.logs / f"{checked.name}.server.log").write_text(log, encoding="utf-8")
                on_checked(checked)
        finally:
            with interrupts.shielded():
                progress.phase("clean up")
                hosts.release()


def _check(hosts: Hosts, cell: Cell, depth: Depth, *, openapi: Path, seed: int, checks: Sequence[Check]) -> Checked:
    served = cell.model_copy(update={"env": {**cell.env, "MIDDLEWARE_DEPTH": str(MIDDLEWARES)}})
    try:
        return Checked(cell, check_server(hosts, served, depth, openapi=openapi, seed=seed, checks=checks))
    except NotProvenError as error:
        return Checked(cell, None, str(error))
