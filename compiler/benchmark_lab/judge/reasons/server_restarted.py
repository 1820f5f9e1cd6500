"""The reason `server-restarted`."""

from __future__ import annotations

from benchmark_lab.judge.case import Case
from benchmark_lab.judge.rule import reason


@reason("server-restarted", rank=30, needs="trial", unless=("server-not-ready",), own_fault=True)
def server_restarted(case: Case) -> str | None:
    """A process of the server ended or started within the window.

    Do: find out what ended it: a crash, a memory limit, or a setting that recycles workers.
    """
    server = case.server
    before, after = set(server.processes_before), set(server.processes_after)
    said = [server.problem] if server.problem else []
    if before:  # else there was no window for a process to end or to start in
        if ended := len(before - after):
            said.append(f"{ended} of the server's {len(before)} processes ended within the window")
        if came := len(after - before):
            said.append(f"{came} came within it")
    return ", ".join(said) + case.last_words if said else None
