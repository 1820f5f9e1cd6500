"""When a trial is invalid."""

from __future__ import annotations

from benchmark_lab.bundle.file import Part


class Limits(Part):
    """When a trial is invalid; shares are fractions of 1 (METHOD.md 10)."""

    errors: float = 0.001
    """Failed requests over all requests."""
    achieved: float = 0.99
    """Open load: achieved over offered rate, at least."""
    generator_cpu: float = 0.8
    """k6's CPU time over the time of its CPU set."""
    generator_cpus_busy: float = 0.95
    """Busy time of the load's CPU set, whoever uses it."""
    generator_share: float = 0.5
    """Throughput over the generator's calibrated rate, at most."""
    lag_ms: float = 2.0
    """Open load: how late iterations may begin, at p99; ten times that on a shared machine; or a tenth of the p99
    latency, if that is more."""
    database_cpu: float = 0.7
    """PostgreSQL's CPU time over the time of its CPU set, at most."""
    database_share: float = 0.7
    """Transactions over the database's calibrated rate, at most."""
    upstream_cpu: float = 0.7
    """The simulated external API's CPU time over the time of its CPU set, at most."""
    littles_law: float = 0.05
    """Closed load: how far throughput times latency may be from the virtual users."""
    drift: float = 0.03
    """Change of the throughput over the window from which on it has no steady state."""
    steal: float = 0.01
    """Time that the hypervisor took from a role's CPUs, at most; ten times that where all roles share one machine."""
    others_cpu: float = 0.1
    """CPU time of other processes than the server's over the time of its CPU set, at most."""
    requests: int = 100
    """Requests in a window, at least."""
    worker_imbalance: float = 1.5
    """The busiest worker's CPU time over the workers' mean from which on a remark says so."""
