"""What the hosts reported of one trial, judged: the trial's metrics, whether it counts, and what limited it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from benchmark_lab.bundle import Cell, Limits, Load
from benchmark_lab.run import (
    LimitedBy,
    LoadObservation,
    Measurement,
    Reason,
    ServerObservation,
    Trial,
)

SAMPLES_FOR_PERCENTILE = {50.0: 100, 90.0: 1_000, 99.0: 10_000, 99.9: 100_000}
"""Requests that a percentile needs before it is reported (METHOD 8: 100/(1-q); the median is content with 100)."""

SUT_CPU_BOUND = 0.85
"""Share of its CPU set from which on a server under closed load is limited by that CPU set (METHOD 12)."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where and when in the run a trial stood."""

    lane: int
    round: int
    position: int
    started_at: str


def judge(measurement: Measurement, cell: Cell, load: Load, limits: Limits, place: Place) -> Trial:
    """Judge one trial of `cell`: valid, or invalid with every reason that applies, causes before their effects."""
    reasons = tuple(_reasons(measurement, cell.workers, load, limits))
    if not (measurement.load or reasons):
        reasons = (Reason(code="generator-failed", evidence="k6 was not run"),)
    server, k6 = measurement.server, measurement.load or LoadObservation()
    measured = k6.problem is None and k6.requests > 0 and k6.window_s > 0
    sut_utilisation = server.cpu_s / (server.cpus * k6.window_s) if measured else None
    return Trial(
        trial=f"r{place.round}.p{place.position}",
        cell=cell.id,
        implementation=cell.implementation,
        server=cell.server,
        workers=cell.workers,
        scenario=cell.scenario,
        hardware=cell.hardware,
        lane=place.lane,
        round=place.round,
        position=place.position,
        started_at=place.started_at,
        verdict="invalid" if reasons else "valid",
        reasons=reasons,
        limited_by=_limited_by(reasons, sut_utilisation) if load.model == "closed" and measured else None,
        load_model=load.model,
        offered_rps=load.rate_per_s,
        requests=k6.requests,
        failed_requests=k6.failed_requests,
        dropped_iterations=k6.dropped_iterations,
        window_s=k6.window_s,
        throughput_rps=(k6.requests - k6.failed_requests) / k6.window_s if measured else None,
        latency_p50_ms=_percentile(k6, 50.0),
        latency_p90_ms=_percentile(k6, 90.0),
        latency_p99_ms=_percentile(k6, 99.0),
        latency_p999_ms=_percentile(k6, 99.9),
        latency_mean_ms=k6.latency_mean_ms if measured else None,
        latency_max_ms=k6.latency_quantiles_ms[-1] if measured and k6.latency_quantiles_ms else None,
        sut_cpu_us_per_request=server.cpu_s / k6.requests * 1e6 if measured else None,
        sut_cpu_utilisation=sut_utilisation,
        sut_rss_peak_mib=server.rss_peak_bytes / 2**20 if server.rss_peak_bytes else None,
        generator_cpu_utilisation=_generator_cpu(k6) if measured else None,
        overhead_s=measurement.overhead_s,
    )


def _reasons(measurement: Measurement, workers: int, load: Load, limits: Limits) -> Iterator[Reason]:
    if measurement.database and measurement.database.problem:
        yield Reason(code="database-failed", evidence=measurement.database.problem)
    yield from _of_server(measurement.server, workers)
    if measurement.warmup and measurement.warmup.problem:
        yield Reason(code="warm-up-failed", evidence=measurement.warmup.problem)
    if measurement.upstream and measurement.upstream.problem:
        yield Reason(code="upstream-failed", evidence=measurement.upstream.problem)
    if measurement.load:
        yield from _of_load(measurement.load, load, limits)


def _of_server(server: ServerObservation, workers: int) -> Iterator[Reason]:
    log_end = server.log_tail.strip().rpartition("\n")[2]
    last_words = f"; the last line of its log: {log_end}" if log_end else ""
    if server.problem and server.ready_s is None and not server.processes_before:
        yield Reason(code="server-not-ready", evidence=server.problem + last_words)
        return
    before, after = set(server.processes_before), set(server.processes_after)
    if server.problem or before != after:
        said = [server.problem] if server.problem else []
        if ended := len(before - after):
            said.append(f"{ended} of the server's {len(before)} processes ended within the window")
        if came := len(after - before):
            said.append(f"{came} came within it")
        yield Reason(code="server-restarted", evidence=", ".join(said) + last_words)
    elif server.worker_cpu_s is not None and len(server.worker_cpu_s) != workers:
        yield Reason(code="wrong-workers", evidence=f"{len(server.worker_cpu_s)} processes serve, not {workers}")


def _of_load(k6: LoadObservation, load: Load, limits: Limits) -> Iterator[Reason]:
    if k6.problem:
        yield Reason(code="generator-failed", evidence=k6.problem)
        return
    if load.model == "open" and load.rate_per_s:
        yield from _of_open_load(k6, load.rate_per_s * load.measure_s, limits)
    used = f"k6 used {_generator_cpu(k6):.1%} of its CPU set"
    if _generator_cpu(k6) > limits.generator_cpu:
        yield Reason(code="generator-limited", evidence=f"{used}, at most {limits.generator_cpu:.0%} are allowed")
    elif k6.cpus_busy > limits.generator_cpus_busy:
        evidence = f"{used}, which was {k6.cpus_busy:.1%} busy, at most {limits.generator_cpus_busy:.0%} are allowed"
        yield Reason(code="generator-limited", evidence=evidence)
    if k6.requests == 0:
        yield Reason(code="errors", evidence="no request was completed within the window")
    elif k6.failed_requests / k6.requests > limits.errors:
        kinds = sorted(k6.failures.items(), key=lambda kind: (-kind[1], kind[0]))
        evidence = (
            f"{k6.failed_requests:,} of {k6.requests:,} requests failed ({k6.failed_requests / k6.requests:.2%}), "
            f"at most {limits.errors:.2%} may: " + (", ".join(f"{n:,} {kind}" for kind, n in kinds) or "kinds unknown")
        )
        yield Reason(code="errors", evidence=evidence)


def _of_open_load(k6: LoadObservation, offered: float, limits: Limits) -> Iterator[Reason]:
    """Completed against planned iterations, so that a window stretched by slow last answers changes nothing."""
    if k6.dropped_iterations > 0 or k6.iterations / offered < limits.achieved:
        evidence = (
            f"{k6.dropped_iterations:,} iterations were dropped, {k6.iterations:,} of {offered:,.0f} completed "
            f"({k6.iterations / offered:.1%}); none may be dropped and {limits.achieved:.0%} must complete"
        )
        yield Reason(code="dropped-load", evidence=evidence)


def _generator_cpu(k6: LoadObservation) -> float:
    return k6.cpu_s / (k6.cpus * k6.wall_s) if k6.wall_s else 0.0


def _percentile(k6: LoadObservation, percentile: float) -> float | None:
    if k6.problem or not k6.latency_quantiles_ms or k6.requests < SAMPLES_FOR_PERCENTILE[percentile]:
        return None
    return k6.latency_quantiles_ms[round(percentile * 10)]


def _limited_by(reasons: tuple[Reason, ...], sut_utilisation: float | None) -> LimitedBy:
    """Name what bounded a closed load's throughput; the generator first, for a busy one explains an idle server."""
    if any(reason.code == "generator-limited" for reason in reasons):
        return "generator"
    if sut_utilisation is not None and sut_utilisation >= SUT_CPU_BOUND:
        return "sut-cpu"
    return "unknown"
