"""The reason `wrong-workers`."""

from __future__ import annotations

from benchmark_lab.judge.case import Case
from benchmark_lab.judge.rule import reason


@reason("wrong-workers", rank=40, needs="trial", unless=("server-not-ready", "server-restarted"))
def wrong_workers(case: Case) -> str | None:
    """More or fewer processes serve requests than the cell asks for.

    Do: correct `command` or `helper_processes` in the implementation's manifest.
    """
    serving = case.server.worker_cpu_s
    if serving is None or len(serving) == case.cell.workers:
        return None
    return f"{len(serving)} processes serve, not {case.cell.workers}"
