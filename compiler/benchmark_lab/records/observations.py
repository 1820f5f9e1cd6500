"""The hosts' observations of a trial, and what generator and database can do at most."""

from __future__ import annotations

from dataclasses import dataclass

from benchmark_lab.bundle import Part, Role


class ServerObservation(Part):
    """The server over the measured window, as the sut's host saw the server."""

    problem: str | None = None
    """Reason why there is nothing to measure, such as a server that never became ready."""
    ready_s: float | None = None
    processes_before: tuple[str, ...] = ()
    """`pid:start` of each server process at the window's start; `processes_after` has the same at the window's end."""
    processes_after: tuple[str, ...] = ()
    cpu_s: float = 0.0
    """Seconds of CPU time of all the server's processes within the window."""
    worker_cpu_s: tuple[float, ...] | None = None
    """Seconds of CPU time of each process that serves, a part of `cpu_s`; None: the processes were not counted."""
    cpus: int = 1
    rss_peak_bytes: int = 0
    log_tail: str = ""


class LoadObservation(Part):
    """One k6 process's report of a warm-up, or of a window, which begins once the process's connections are open."""

    problem: str | None = None
    """Reason why k6's figures are missing, such as `k6 was ended by signal 9`."""
    window_taken_s: float = 0.0
    """Seconds that k6's executors took."""
    requests: int = 0
    failed_requests: int = 0
    """Requests without an answer, with an unexpected status, or with a wrong sampled body."""
    iterations: int = 0
    dropped_iterations: int = 0
    lags: int = 0
    """Open load: number of iterations that told how late the iteration began."""
    lag_p99_ms: float | None = None
    """Open load: milliseconds by which 99 of 100 iterations began late at most; None where too few told the delay."""
    latency_quantiles_ms: tuple[float, ...] = ()
    """1,001 quantiles, 0 to 1 in steps of 0.001; a failed request counts as 60,000 ms.

    Latency is blocked + sending + waiting + receiving: k6's `blocked` holds connecting and the TLS handshake.
    """
    latency_tail_ms: dict[str, float] = {}
    """Latency quantiles in milliseconds beyond the grid, by their name: `0.9995`, `0.9999`, …"""
    latency_mean_ms: float = 0.0
    cpu_s: float = 0.0
    """Seconds of user and system CPU time of the k6 process over `wall_s`."""
    cpus: int = 1
    wall_s: float = 0.0
    """Seconds from the window's begin to the end of k6.

    k6's connecting before the window would hide a generator at its limit.
    """
    cpus_busy: float = 0.0
    """Share of the load's CPU set that was busy over `wall_s`, whoever used the CPUs; of several sets, the busiest."""
    failures: dict[str, int] = {}
    """Failed requests by kind: `status 503`, `no answer`, `wrong body`."""
    successes: dict[str, int] = {}
    """Successful responses by operation, of the operations whose effect is counted elsewhere too."""
    processes: int = 1
    """k6 processes whose figures are merged here."""
    parts: tuple[LoadObservation, ...] = ()
    """Report of each of several k6 processes."""
    series_interval_s: float = 1.0
    throughput_series_rps: tuple[float, ...] = ()
    """Requests that ended a second, interval by interval over the window; empty where the window was too short."""
    latency_series_ms: tuple[float, ...] = ()
    """Mean latency in milliseconds of each interval of `throughput_series_rps`."""


class HostObservation(Part):
    """The counts of one role's host over the measured window, by the kernel's own counters."""

    cpus_busy: float = 0.0
    """Share of the role's CPU set that was busy, whoever used the CPUs; of several hosts, the busiest's share."""
    interrupts: float = 0.0
    """Share of the role's CPU set that the kernel's interrupts took, the network's above all; a part of `cpus_busy`."""
    steal: float = 0.0
    """Share of the role's CPU set that the hypervisor took; of several hosts, the share of the host that lost most."""
    context_switches: int = 0
    received_bytes: int = 0
    sent_bytes: int = 0
    """Bytes sent over all interfaces, loopback too."""
    tcp_retransmits: int = 0
    syn_retransmits: int = 0
    listen_overflows: int = 0
    """Connections that a full listen queue refused."""
    disk_read_bytes: int = 0
    disk_written_bytes: int = 0
    allowance_exceeded: int = 0
    """Packets that the network card of a rented host held back or dropped, since the card's allowance was used up."""
    notices: int = 0
    """Hosts that had notice to be taken away when the trial ended, or could not tell."""


class DatabaseObservation(Part):
    """PostgreSQL's use and counts over the measured window; zeros where `lab` only looked at PostgreSQL's health."""

    problem: str | None = None
    """Reason why PostgreSQL is not the one that the run started, or does not answer."""
    cpu_s: float = 0.0
    """Seconds of CPU time of all PostgreSQL processes."""
    cpus: int = 1
    transactions: int = 0
    active_s: float = 0.0
    """Seconds that connections spent executing statements, summed (pg_stat_database.active_time)."""
    idle_in_transaction_s: float = 0.0
    """Seconds that connections spent inside a transaction, waiting for their client, summed."""
    lock_waiters: float = 0.0
    """Mean number of connections that waited for a lock over the window's samples."""
    connections: int = 0
    """Most connections of the server to the database in one sample."""
    checkpoints: int = 0
    rows_added: dict[str, int] = {}
    """Rows added since the database was last made anew, warm-up included, by table; only of counted tables."""


class UpstreamObservation(Part):
    """The upstream's counts and use over the measured window."""

    problem: str | None = None
    hits: int = 0
    """Calls of the upstream within the window."""
    peak_in_flight: int = 0
    latency_ms: float = 0.0
    """Mean latency in milliseconds that the upstream was set to."""
    cpu_s: float = 0.0
    cpus: int = 1


class Calibration(Part):
    """The most that generator and database can do for one cell's requests, measured before the first round."""

    generator_rps: float | None = None
    """Requests a second of k6 against a server that answers at once; None where the rate was not measured."""
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
    """Observation of the upstream; None where the scenario does not call the upstream."""
    hosts: dict[Role, HostObservation] = {}
    """Hosts' observations by role; a role that shares another role's host is not listed twice."""
    overhead_s: float = 0.0
    """Seconds of the trial outside warm-up and window."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One trial's measurement as the hosts reported the trial, and the logs that the trial left."""

    started_at: str
    measurement: Measurement
    server_log: str
    k6_log: str
