"""The reason `host-ending`."""

from __future__ import annotations

from benchmark_lab.judge.case import Case
from benchmark_lab.judge.rule import reason


@reason("host-ending", rank=80, needs="load")
def host_ending(case: Case) -> str | None:
    """A host that is rented as spare capacity had notice to be taken away when the trial ended, or could not tell.

    Do: run `lab resume` when the host is gone, or rent hosts on demand.
    """
    if ending := [f"{host.notices} of {role}" for role, host in case.hosts.items() if host.notices]:
        return f"hosts that have notice to be taken away, or could not tell: {', '.join(ending)}"
    return None
