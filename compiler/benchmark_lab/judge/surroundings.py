"""Looks at the surroundings of the server for several rules: its hosts and the database."""

from __future__ import annotations

from collections.abc import Iterator

from benchmark_lab.judge.case import Case

SHARED_HOST_FACTOR = 10
"""Factor by which more steal and lateness are allowed on a machine that all roles share (METHOD 10).

A role on such a machine waits for CPUs that others use.
"""


def stolen(case: Case, limit: float) -> str:
    """Say which roles lost more than `limit` of their CPU time to the hypervisor; empty if none."""
    roles = [f"{host.steal:.1%} of {role}'s" for role, host in case.hosts.items() if host.steal > limit]
    return f"the hypervisor took {' and '.join(roles)} CPU time" if roles else ""


def crowded(case: Case) -> str:
    """Say that other processes used more of the server's CPUs than is allowed; empty if the processes did not."""
    if not case.measured or case.others_cpu <= case.thresholds.others_cpu:
        return ""
    return f"other processes used {case.others_cpu:.1%} of the server's CPU set"


def database_cpu(case: Case) -> Iterator[str]:
    """Say that PostgreSQL's CPUs are busy, if the CPUs are busier than allowed."""
    allowed = case.thresholds.database_cpu
    if case.database_cpu > allowed:
        yield f"PostgreSQL used {case.database_cpu:.1%} of its CPU set, at most {allowed:.0%} are allowed"


def database_share(case: Case) -> Iterator[str]:
    """Say that PostgreSQL's transactions a second are near the calibrated rate, if the share is higher than allowed."""
    allowed = case.thresholds.database_share
    if case.transactions_share > allowed:
        yield (
            f"{case.transactions_per_s:,.0f} transactions a second are {case.transactions_share:.1%} of the database's "
            f"calibrated {case.calibration.database_tps:,.0f}, at most {allowed:.0%} are allowed"
        )
