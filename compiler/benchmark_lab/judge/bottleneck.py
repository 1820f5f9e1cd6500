"""Names what bounded a closed load's throughput, with the figures that show the limit (METHOD 12).

The first rule that applies names the limit. A busy generator explains an idle server. What the server waits for
explains why the server is idle.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import fmean

from benchmark_lab.bundle import using
from benchmark_lab.judge.case import Case
from benchmark_lab.judge.reasons import LOWER_BOUND_REASONS
from benchmark_lab.judge.surroundings import crowded, database_cpu, database_share
from benchmark_lab.records import Bottleneck, Reason

CPU_BOUND = 0.85
"""Share of the usable CPU time that a server uses, from which on the CPU limits the server."""
HOST_BOUND = 0.95
"""Busy share of the server's CPU set from which on the CPUs limit the server.

The share includes the kernel's interrupts. The limit holds only where no other processes crowd the CPU set.
"""
ONE_CPU = 1.15
"""Most CPUs that a one-threaded process uses: the runtime's own threads help the process a little."""
CPU_IDLE = 0.6
"""Busy share of a CPU below which hardly anybody waits: at this share, an open queue holds 1.5 requests."""
QUEUED = 8
"""Requests waiting in the server, per CPU, from which on idle CPUs do not explain the wait.

The server itself then makes the requests wait.
"""
BLOCKED_WORKER = 0.1
"""Share of the workers' mean CPU time below which a worker does nothing."""
WAITING_UPSTREAM = 0.8
"""Share of the virtual users' time, or of the users at one moment, from which on upstream calls are the limit."""
CONNECTIONS_FULL = 0.6
"""Mean share of the pool's connections in use from which on requests wait for a connection.

Requests wait before the share is 1: statements come at random moments.
"""
LOCKED = 0.5
"""Share of the connections that wait for locks, from which on the database is the limit."""
SLOW_STATEMENT = 3.0
"""Ratio of a transaction's mean time to the calibrated time from which on the database is slow.

The calibrated time includes the way to the database.
"""


def bottleneck_of(case: Case, reasons: Sequence[Reason]) -> tuple[Bottleneck, str]:
    """Return the name of what limited a measured closed load, and the evidence."""
    bounds = LOWER_BOUND_REASONS
    said = {bounds[found.code]: found.evidence for found in reversed(reasons) if found.code in bounds}
    rules: tuple[tuple[Bottleneck, Callable[[Case], str | None]], ...] = (
        ("db", _database),
        ("sut-slots", _blocked_worker),
        ("upstream", lambda _: said.get("upstream")),
        ("sut-cpu", _server_cpu),
        ("upstream", _upstream),
        ("pool", _pool),
        ("sut-slots", _slots),
    )
    for outside in ("generator", "network"):
        if outside in said:
            return outside, said[outside]
    for name, evidence_of in rules:
        if evidence := evidence_of(case):
            return name, evidence
    seen = crowded(case) or "nothing seen was at a limit"
    return "unknown", f"{_server_used(case)} and k6 {case.generator_cpu:.1%} of its own; {seen}"


def _database(case: Case) -> str | None:
    """Return evidence that the database's CPUs, locks or slow statements limit the load, if there is any.

    The transaction rate alone is evidence only where no small pool explains the rate.
    """
    database, calibrated = case.database, case.calibration.database_tps
    for evidence in database_cpu(case):
        return evidence
    if database.connections and database.lock_waiters >= LOCKED * database.connections:
        return f"on average {database.lock_waiters:.1f} of {database.connections} connections waited for a lock"
    if calibrated and case.connections and database.transactions:
        # The calibrated rate is that of all CPUs: fewer connections than these leave some idle, and are no faster.
        usual_s = max(case.connections, database.cpus) / calibrated
        taken_s = database.active_s / database.transactions
        if taken_s >= SLOW_STATEMENT * usual_s:
            return f"a transaction took {taken_s * 1e3:.2f} ms in the database, calibrated {usual_s * 1e3:.2f} ms"
    return None if _pool(case) else next(database_share(case), None)


def _blocked_worker(case: Case) -> str | None:
    """Return evidence that a worker is blocked, if there is any.

    A blocked worker uses nearly no CPU time while other workers do. A request stayed with the worker for at least half
    the window.
    """
    workers, k6 = case.server.worker_cpu_s or (), case.k6
    known = k6.latency_quantiles_ms and (not k6.failed_requests or "no answer" in k6.failures)
    longest_s = k6.latency_quantiles_ms[-1] / 1000 if known else 0.0  # which a refusal would seem to take, too
    if len(workers) < 2 or longest_s < k6.window_taken_s / 2:  # noqa: PLR2004  alone it has no others
        return None
    blocked = sum(used < BLOCKED_WORKER * fmean(workers) for used in workers)
    if not blocked:
        return None
    return f"{blocked} of {len(workers)} workers used nearly no CPU time, and a request took {longest_s:.1f} s"


def _server_cpu(case: Case) -> str | None:
    """Return evidence that the server's CPUs limit the load, if there is any.

    The limit is the server's CPU set. Where one-threaded workers are fewer than the CPUs, the limit may be one CPU for
    each worker.
    """
    cell, host, used = case.cell, case.measurement.hosts.get("sut"), case.server.cpu_s / case.k6.window_taken_s
    if case.server_cpu >= CPU_BOUND:
        return _server_used(case)
    one_each = cell.workers < case.server.cpus and not cell.multithreaded
    if one_each and CPU_BOUND <= used / cell.workers <= ONE_CPU:
        return f"each of {cell.workers} workers used {used / cell.workers:.1%} of a CPU on average"
    if host and host.cpus_busy >= HOST_BOUND and not crowded(case):
        return f"{_server_used(case)}, which was {host.cpus_busy:.1%} busy"
    return None


def _upstream(case: Case) -> str | None:
    """Return evidence that the virtual users wait for the upstream, if there is any.

    The upstream's set latency makes the virtual users wait, or nearly all virtual users are at the upstream at once.
    """
    upstream, vus = case.upstream, case.load.vus
    waited = upstream.hits * upstream.latency_ms / 1000 / (vus * case.k6.window_taken_s)
    if waited >= WAITING_UPSTREAM:
        return f"{upstream.hits:,} calls of {upstream.latency_ms:g} ms are {waited:.1%} of the virtual users' time"
    every_request_calls = 0 < len(using("upstream", case.operations)) == len(case.operations)
    if every_request_calls and upstream.peak_in_flight >= WAITING_UPSTREAM * vus:
        return f"up to {upstream.peak_in_flight} of {vus} virtual users waited for the upstream at a time"
    return None


def _pool(case: Case) -> str | None:
    """Return evidence that the virtual users wait for the pool, if there is any.

    The pool's connections are in use, and there are more virtual users. The database and the server have time to spare.
    There is no evidence without a calibrated rate of the database: nobody knows then whether its statements are slow.
    """
    spare = _servers_cpus(case) < CPU_BOUND and case.database_cpu < CPU_IDLE
    if not (spare and _is_full(case) and case.calibration.database_tps):
        return None
    taken = f"{case.connections_taken:.2f} of {case.connections} connections were taken on average"
    return f"{taken}, for {case.load.vus} virtual users"


def _is_full(case: Case) -> bool:
    """True if virtual users wait for a connection of the pool."""
    return 0 < case.connections < case.load.vus and case.connections_taken >= CONNECTIONS_FULL * case.connections


def _slots(case: Case) -> str | None:
    """Return evidence that requests wait in the server itself, if there is any.

    More requests wait in the server than its idle CPUs explain, and the requests wait for no connection.
    """
    if _is_full(case) or (waiting := _waiting(case)) is None:
        return None
    return f"{_server_used(case)} while on average {waiting:.1f} of {case.load.vus} requests waited in it"


def _waiting(case: Case) -> float | None:
    """Return the mean number of requests in the server, if idle CPUs do not explain the number.

    The number is None unless all CPUs are idle and the requests are more than idle CPUs explain. Requests at the
    database or at the upstream do not count, as far as the scenario needs these services.
    """
    known = case.operations and (
        (case.database.transactions or not using("database", case.operations))
        and (case.upstream.hits or not using("upstream", case.operations))
    )
    idle = max(_servers_cpus(case), case.database_cpu) < CPU_IDLE and case.k6.cpus_busy < CPU_BOUND
    calls = case.upstream.hits * case.upstream.latency_ms / 1000 / case.k6.window_taken_s
    waiting = case.load.vus - case.connections_in_use - calls
    return waiting if known and idle and waiting >= QUEUED * case.server.cpus else None


def _servers_cpus(case: Case) -> float:
    """Return the share of the server's CPU set that the server or other processes used.

    The server waits for other processes as for itself.
    """
    return case.server_cpu + case.others_cpu


def _server_used(case: Case) -> str:
    cpus = "its CPU" if case.server.cpus == 1 else f"its {case.server.cpus} CPUs"
    return f"the server used {case.server_cpu:.1%} of {cpus}"
