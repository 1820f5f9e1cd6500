"""What the hosts reported of a trial, and what generator and database can do at most."""

from __future__ import annotations

from dataclasses import dataclass

from benchmark_lab.bundle import Part, Role


class ServerObservation(Part):
    """What the sut's host saw of the server over the measured window."""

    problem: str | None = None
    """Why there is nothing to measure, such as a server that never became ready."""
    ready_s: float | None = None
    processes_before: tuple[str, ...] = ()
    """`pid:start` of each process of the server at the window's start; `processes_after` likewise at its end."""
    processes_after: tuple[str, ...] = ()
    cpu_s: float = 0.0
    """CPU time of all its processes within the window."""
    worker_cpu_s: tuple[float, ...] | None = None
    """Of it, that of each process that serves; as many as there are such processes. None: they were not counted."""
    cpus: int = 1
    rss_peak_bytes: int = 0
    log_tail: str = ""


class LoadObservation(Part):
    """What one k6 process reported of a warm-up, or of a window, which begins once its connections are open."""

    problem: str | None = None
    """Why k6's figures are missing, such as `k6 was ended by signal 9`."""
    window_taken_s: float = 0.0
    """Duration of k6's executors."""
    requests: int = 0
    failed_requests: int = 0
    """Requests without an answer, with an unexpected status, or whose sampled body was wrong."""
    iterations: int = 0
    dropped_iterations: int = 0
    lags: int = 0
    """Open load: iterations that told how late they began."""
    lag_p99_ms: float | None = None
    """Open load: how late after their due time 99 of 100 iterations began at most; None where too few told it."""
    latency_quantiles_ms: tuple[float, ...] = ()
    """1,001 quantiles, 0 to 1 in steps of 0.001; a failed request counts as 60,000 ms.

    Latency is blocked + sending + waiting + receiving: k6's `blocked` holds connecting and the TLS handshake.
    """
    latency_tail_ms: dict[str, float] = {}
    """Quantiles beyond the grid, by their name: `0.9995`, `0.9999`, …"""
    latency_mean_ms: float = 0.0
    cpu_s: float = 0.0
    """User and system CPU time of the k6 process over `wall_s`."""
    cpus: int = 1
    wall_s: float = 0.0
    """From the window's begin to the end of k6: its connecting before that would hide a generator at its limit."""
    cpus_busy: float = 0.0
    """Share of the load's CPU set that was busy over the same time, whoever used it; of several, the busiest's."""
    failures: dict[str, int] = {}
    """Failed requests by kind: `status 503`, `no answer`, `wrong body`."""
    successes: dict[str, int] = {}
    """Successful responses by operation, of the operations whose effect is counted elsewhere too."""
    processes: int = 1
    """k6 processes whose figures are merged here."""
    parts: tuple[LoadObservation, ...] = ()
    """What each of several processes reported."""
    series_interval_s: float = 1.0
    throughput_series_rps: tuple[float, ...] = ()
    """Requests that ended a second, interval by interval over the window; empty where it was too short."""
    latency_series_ms: tuple[float, ...] = ()
    """Mean latency of the same intervals."""


class HostObservation(Part):
    """What one role's host counted over the measured window, by the kernel's own counters."""

    cpus_busy: float = 0.0
    """Share of the role's CPU set that was busy, whoever used it; of several hosts, the busiest's."""
    interrupts: float = 0.0
    """Share of the role's CPU set that the kernel's interrupts took, those of the network above all; a part of that."""
    steal: float = 0.0
    """Share of the role's CPU set that the hypervisor took; of several hosts, from the one that lost most."""
    context_switches: int = 0
    received_bytes: int = 0
    sent_bytes: int = 0
    """Over all interfaces, loopback too."""
    tcp_retransmits: int = 0
    syn_retransmits: int = 0
    listen_overflows: int = 0
    """Connections that a full listen queue refused."""
    disk_read_bytes: int = 0
    disk_written_bytes: int = 0
    allowance_exceeded: int = 0
    """Packets that a network card of a rented host held back or dropped, since its allowance was used up."""
    notices: int = 0
    """Hosts that had notice to be taken away when the trial ended, or could not tell."""


class DatabaseObservation(Part):
    """What PostgreSQL used and counted over the measured window; zeros where only its health was looked at."""

    problem: str | None = None
    """Why it is not the one that the run started, or does not answer."""
    cpu_s: float = 0.0
    """CPU time of all its processes."""
    cpus: int = 1
    transactions: int = 0
    active_s: float = 0.0
    """Time that connections spent executing statements, summed (pg_stat_database.active_time)."""
    idle_in_transaction_s: float = 0.0
    """Time that connections spent inside a transaction, waiting for their client, summed."""
    lock_waiters: float = 0.0
    """Connections that waited for a lock, mean over the window's samples."""
    connections: int = 0
    """Of the server to the database, the most in one sample."""
    checkpoints: int = 0
    rows_added: dict[str, int] = {}
    """Rows since the database was last made anew, warm-up included, by table; only of tables that were counted."""


class UpstreamObservation(Part):
    """What the upstream counted and used over the measured window."""

    problem: str | None = None
    hits: int = 0
    """Calls within the window."""
    peak_in_flight: int = 0
    latency_ms: float = 0.0
    """The mean latency that it was set to."""
    cpu_s: float = 0.0
    cpus: int = 1


class Calibration(Part):
    """What generator and database can do at most for one cell's requests, measured before the first round."""

    generator_rps: float | None = None
    """Requests a second of k6 against a server that answers at once; None where it was not measured."""
    generator_cpu_us_per_request: float | None = None
    database_tps: float | None = None
    """Transactions a second of pgbench with the scenario's statements over as many connections."""


class Measurement(Part):
    """Everything that the hosts reported of one trial: the input of the verdict."""

    server: ServerObservation
    warmup: LoadObservation | None = None
    load: LoadObservation | None = None
    database: DatabaseObservation | None = None
    upstream: UpstreamObservation | None = None
    """None where the scenario does not call it."""
    hosts: dict[Role, HostObservation] = {}
    """By role; a role that shares another's host is not listed twice."""
    overhead_s: float = 0.0
    """Wall time of the trial outside warm-up and window."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One trial as the hosts reported it, and the logs that it left."""

    started_at: str
    measurement: Measurement
    server_log: str
    k6_log: str
