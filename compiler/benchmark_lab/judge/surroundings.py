"""Why a trial does not count: of the hosts, the database and the simulated external API around the server."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from benchmark_lab.bundle import using
from benchmark_lab.judge.case import Case
from benchmark_lab.judge.codes import reason
from benchmark_lab.records import Reason

SHARED_HOST_FACTOR = 10
"""How much more of its time the hypervisor may take from a machine that all roles share (METHOD 10), and how much later
its generator may be: it waits for a CPU where one of its own would not."""


def steal_limit(case: Case) -> float:
    """Share of a role's CPU time that the hypervisor may take before the trial is invalid."""
    return case.limits.steal * (SHARED_HOST_FACTOR if case.shared_host else 1)


def stolen(case: Case, limit: float) -> str:
    """Say which roles lost more than `limit` of their CPU time to the hypervisor; empty if none."""
    roles = [f"{host.steal:.1%} of {role}'s" for role, host in case.hosts.items() if host.steal > limit]
    return f"the hypervisor took {' and '.join(roles)} CPU time" if roles else ""


def crowded(case: Case) -> str:
    """Say that other processes used more of the server's CPUs than they may; empty if they did not."""
    if not case.measured or case.others_cpu <= case.limits.others_cpu:
        return ""
    return f"other processes used {case.others_cpu:.1%} of the server's CPU set"


def of_hosts(case: Case) -> Iterator[Reason]:
    """METHOD 10: CPU time that other machines, or other processes, took; and hosts that their owner takes back."""
    if ending := [f"{host.notices} of {role}" for role, host in case.hosts.items() if host.notices]:
        yield reason("host-ending", f"hosts that have notice to be taken away, or could not tell: {', '.join(ending)}")
    if evidence := stolen(case, steal_limit(case)):
        where = "of a shared machine" if case.shared_host else "of a host of one's own"
        yield reason("host-noise", f"{evidence}, at most {steal_limit(case):.0%} {where} are allowed")
    elif not case.shared_host and (evidence := crowded(case)):
        yield reason("host-noise", f"{evidence}, at most {case.limits.others_cpu:.0%} are allowed")


def of_network(case: Case) -> Iterator[Reason]:
    """METHOD 10: connections that were asked for in vain, and packets beyond what a rented host may send or get."""
    seen = [
        f"{count:,} {what} on {role}"
        for role, host in case.hosts.items()
        for count, what in (
            (host.syn_retransmits if role != "db" else 0, "SYN retransmits"),
            (host.listen_overflows if role != "db" else 0, "listen overflows"),
            (host.allowance_exceeded, "packets beyond the network allowance"),
        )
        if count
    ]
    if seen:
        yield reason("network-limited", f"{', '.join(seen)}, none are allowed")


def of_database(case: Case) -> Iterator[Reason]:
    """METHOD 11: PostgreSQL near its own limit."""
    if seen := [*database_cpu(case), *database_share(case)]:
        yield reason("db-limited", "; ".join(seen))


def database_cpu(case: Case) -> Iterator[str]:
    """Say that PostgreSQL's CPUs are busy, if they are."""
    allowed = case.limits.database_cpu
    if case.database_cpu > allowed:
        yield f"PostgreSQL used {case.database_cpu:.1%} of its CPU set, at most {allowed:.0%} are allowed"


def database_share(case: Case) -> Iterator[str]:
    """Say that it does nearly as many transactions as it can, if it does."""
    allowed = case.limits.database_share
    if case.transactions_share > allowed:
        yield (
            f"{case.transactions_per_s:,.0f} transactions a second are {case.transactions_share:.1%} of the database's "
            f"calibrated {case.calibration.database_tps:,.0f}, at most {allowed:.0%} are allowed"
        )


def of_upstream(case: Case) -> Iterator[Reason]:
    """The simulated external API near its own limit, as METHOD 11 has it of the database."""
    allowed = case.limits.upstream_cpu
    if case.upstream_cpu > allowed:
        evidence = f"the simulated API used {case.upstream_cpu:.1%} of its CPU set, at most {allowed:.0%} are allowed"
        yield reason("upstream-limited", evidence)


def missing_effects(case: Case) -> Iterator[Reason]:
    """METHOD 10: right answers without the effect that they claim.

    More effects than right answers are no lie: a request may fail after its commit.
    """
    added = case.database.rows_added
    missing = [
        f"the successful responses account for {claimed:,} new rows of {table}, and {added[table]:,} were added"
        for table, claimed in _claimed_rows(case).items()
        if table in added and added[table] < claimed
    ]
    if missing and not case.database.problem:
        yield reason("rows-missing", "; ".join(missing))
    callers = using("upstream", case.operations)
    called = sum(case.k6.successes.get(name, 0) for name in callers)
    if case.measurement.upstream and not case.upstream.problem and case.upstream.hits < called:
        answered = f"{called:,} right answers of {' and '.join(callers)}"
        yield reason("upstream-not-called", f"{answered}, and {case.upstream.hits:,} calls of the simulated API")


def _claimed_rows(case: Case) -> Counter[str]:
    """Count the rows that the successful responses of warm-up and window stand for, by table."""
    phases = [phase for phase in (case.measurement.warmup, case.measurement.load) if phase]
    claimed: Counter[str] = Counter()
    for name, operation in case.operations.items():
        successes = sum(phase.successes.get(name, 0) for phase in phases)
        claimed.update({table: rows * successes for table, rows in operation.effects.items()})
    return claimed
