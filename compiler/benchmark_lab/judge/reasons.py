"""Why a trial does not count: of the server and of the load."""

from __future__ import annotations

from collections.abc import Iterator

from benchmark_lab.judge.case import Case
from benchmark_lab.judge.codes import reason
from benchmark_lab.judge.drift import drift_of, step_of
from benchmark_lab.judge.surroundings import (
    SHARED_HOST_FACTOR,
    missing_effects,
    of_database,
    of_hosts,
    of_network,
    of_upstream,
)
from benchmark_lab.records import Reason

ROUNDING = 0.01
"""Tolerance of a rate that was asked for, so that a load of exactly the generator's share is none too many."""

MOST_DILUTED = 0.2
"""Share of CPU time, transactions and the like that may be hidden by the wait for last answers: no limit shows then."""

LAG_SHARE = 0.1
"""Of the p99 latency, by which requests may begin late."""

TIMEOUT_S = 60
"""How long k6 waits for an answer."""


def reasons_of(case: Case) -> Iterator[Reason]:
    """Every reason that applies, causes before their effects (METHOD 10)."""
    measurement = case.measurement
    if case.database.problem:
        yield reason("database-failed", case.database.problem)
    yield from _of_server(case)
    if measurement.warmup and measurement.warmup.problem:
        yield reason("warm-up-failed", measurement.warmup.problem)
    if case.upstream.problem:
        yield reason("upstream-failed", case.upstream.problem)
    if measurement.load:
        yield from _of_load(case)


def _of_server(case: Case) -> Iterator[Reason]:
    server = case.server
    log_end = server.log_tail.strip().rpartition("\n")[2]
    last_words = f"; the last line of its log: {log_end}" if log_end else ""
    if server.problem and server.ready_s is None and not server.processes_before:
        yield reason("server-not-ready", server.problem + last_words)
        return
    before, after = set(server.processes_before), set(server.processes_after)
    if not before:  # there was no window for any to come or to end in
        after = before
    if server.problem or before != after:
        said = [server.problem] if server.problem else []
        if ended := len(before - after):
            said.append(f"{ended} of the server's {len(before)} processes ended within the window")
        if came := len(after - before):
            said.append(f"{came} came within it")
        yield reason("server-restarted", ", ".join(said) + last_words)
    elif server.worker_cpu_s is not None and len(server.worker_cpu_s) != case.cell.workers:
        yield reason("wrong-workers", f"{len(server.worker_cpu_s)} processes serve, not {case.cell.workers}")


def _of_load(case: Case) -> Iterator[Reason]:
    k6 = case.k6
    if k6.problem:
        yield reason("generator-failed", k6.problem)
        return
    yield from of_hosts(case)
    yield from _of_generator(case)
    if case.measured:
        yield from _of_littles_law(case)
        yield from of_network(case)
        yield from of_database(case)
        yield from of_upstream(case)
    yield from _of_lag(case)
    yield from _of_open_load(case)
    yield from _of_errors(case)
    if case.measured:
        yield from _of_window(case)
        yield from missing_effects(case)


def _of_generator(case: Case) -> Iterator[Reason]:
    """METHOD 10 and 11; of several processes the CPU time is that of the busiest, and the rate of all together."""
    k6, limits, calibrated = case.k6, case.limits, case.calibration.generator_rps
    who = "k6" if k6.processes == 1 else f"the {k6.processes} k6 processes"
    used = f"{who} used {case.generator_cpu:.1%} of {'its' if k6.processes == 1 else 'their busiest'} CPU set"
    if case.generator_cpu > limits.generator_cpu:
        yield reason("generator-limited", f"{used}, at most {limits.generator_cpu:.0%} are allowed")
    elif k6.cpus_busy > limits.generator_cpus_busy:
        evidence = f"{used}, which was {k6.cpus_busy:.1%} busy, at most {limits.generator_cpus_busy:.0%} are allowed"
        yield reason("generator-limited", evidence)
    elif calibrated and case.measured and case.requests_per_s > calibrated * limits.generator_share * (1 + ROUNDING):
        evidence = (
            f"{case.requests_per_s:,.0f} requests a second are {case.requests_per_s / calibrated:.1%} of the "
            f"{calibrated:,.0f} that {who} can send, at most {limits.generator_share:.0%} are allowed"
        )
        yield reason("generator-limited", evidence)


def _of_littles_law(case: Case) -> Iterator[Reason]:
    """Closed load: each virtual user is in a request nearly all the time, or the generator held it back (METHOD 10).

    The mean is that of right answers: other requests may have taken no time, and those without an answer as long as k6
    waits. Nor is anybody to blame for the time between the planned window and the end of the last request.
    """
    k6, load, allowed = case.k6, case.load, case.limits.littles_law
    if load.model != "closed" or not k6.latency_mean_ms:
        return
    request_s = k6.latency_mean_ms / 1000
    most_s = k6.requests * request_s + k6.failures.get("no answer", 0) * TIMEOUT_S
    most = most_s / case.sending_s
    least = (k6.requests - k6.failed_requests) * request_s / max(k6.window_s, load.measure_s)
    if most < load.vus * (1 - allowed) or least > load.vus * (1 + allowed):
        evidence = (
            f"by throughput and mean latency {most if most < load.vus else least:.1f} virtual users were in a request "
            f"at a time, and there are {load.vus}; at most {allowed:.0%} apart are allowed"
        )
        yield reason("littles-law", evidence)


def _of_lag(case: Case) -> Iterator[Reason]:
    """METHOD 10: a request that begins late meets another queue than the one that was asked for.

    Where iterations were dropped, k6 does not know any more when the others were due.
    """
    k6 = case.k6
    if k6.lag_p99_ms is None or k6.dropped_iterations or not k6.latency_quantiles_ms:
        return
    tenfold = SHARED_HOST_FACTOR if case.shared_host else 1
    allowed_ms = max(tenfold * case.limits.lag_ms, LAG_SHARE * k6.latency_quantiles_ms[990])
    if k6.lag_p99_ms > allowed_ms:
        evidence = (
            f"one iteration in 100 began {k6.lag_p99_ms:.1f} ms late or later, at most {allowed_ms:.1f} ms are allowed"
        )
        yield reason("late-load", evidence)


def _of_open_load(case: Case) -> Iterator[Reason]:
    """Completed against planned iterations, so that a window stretched by slow last answers changes nothing."""
    k6, load = case.k6, case.load
    offered = (load.rate_per_s or 0.0) * load.measure_s
    if load.model == "open" and offered and (k6.dropped_iterations or k6.iterations / offered < case.limits.achieved):
        evidence = (
            f"{k6.dropped_iterations:,} iterations were dropped, {k6.iterations:,} of {offered:,.0f} completed "
            f"({k6.iterations / offered:.1%}); none may be dropped and {case.limits.achieved:.0%} must complete"
        )
        yield reason("dropped-load", evidence)


def _of_errors(case: Case) -> Iterator[Reason]:
    k6, allowed = case.k6, case.limits.errors
    if k6.requests == 0:
        yield reason("errors", "no request was completed within the window")
    elif k6.failed_requests / k6.requests > allowed:
        kinds = sorted(k6.failures.items(), key=lambda kind: (-kind[1], kind[0]))
        evidence = (
            f"{k6.failed_requests:,} of {k6.requests:,} requests failed ({k6.failed_requests / k6.requests:.2%}), "
            f"at most {allowed:.2%} may: " + (", ".join(f"{n:,} {kind}" for kind, n in kinds) or "kinds unknown")
        )
        yield reason("errors", evidence)


def _of_window(case: Case) -> Iterator[Reason]:
    """METHOD 7 and 8."""
    drift = drift_of(case.throughput_series_rps)
    if drift and drift.exceeds(case.limits.drift):
        evidence = (
            f"the throughput {'rose' if drift.change > 0 else 'fell'} by {abs(drift.change):.1%} over the window "
            f"(± {drift.hidden:.1%}), at most {case.limits.drift:.0%} are allowed"
        )
        yield reason("unstable", evidence)
    elif (step := step_of(case.throughput_series_rps)) and abs(step.change) > case.limits.drift:
        evidence = (
            f"the throughput {'rose' if step.change > 0 else 'fell'} by {abs(step.change):.1%} at a step "
            f"{step.at * case.k6.series_interval_s:.0f} s into the window, at most {case.limits.drift:.0%} are allowed"
        )
        yield reason("unstable", evidence)
    elif case.diluted > MOST_DILUTED:
        evidence = (
            f"the last answer came {case.k6.window_s - case.sending_s:.1f} s after the planned window, which hides "
            f"{case.diluted:.0%} of what was counted over both, at most {MOST_DILUTED:.0%} are allowed"
        )
        yield reason("unstable", evidence)
    if case.k6.requests < case.limits.requests:
        yield reason("too-few-samples", f"{case.k6.requests:,} requests, at least {case.limits.requests:,} are needed")
