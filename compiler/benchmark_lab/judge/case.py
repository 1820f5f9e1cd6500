"""The case of one trial: its measurement, what `lab` judges the trial by, and the shares and rates that follow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from benchmark_lab.bundle import BundledOperation, Cell, Load, Thresholds
from benchmark_lab.records import (
    Calibration,
    DatabaseObservation,
    HostObservation,
    LoadObservation,
    Measurement,
    ServerObservation,
    UpstreamObservation,
)

ROUND_TRIP_S = 0.0003
"""Seconds that a connection is taken for beside its statement: the way there and back, and the reading of the rows.

A pool of one connection did 1,250 to 1,860 transactions a second on one machine. PostgreSQL worked for a quarter of the
time.
"""


@dataclass(frozen=True, slots=True)
class Case:
    """One trial's measurement, with everything that the rules of the verdict look at.

    A counter that was not collected reads as zero. A zero never makes a trial invalid.
    """

    measurement: Measurement
    cell: Cell
    load: Load
    thresholds: Thresholds
    calibration: Calibration
    operations: Mapping[str, BundledOperation]
    """Operations that the scenario calls, by id; empty where the operations are not known."""
    shared_host: bool

    @property
    def server(self) -> ServerObservation:
        """Return what the sut's host saw of the server over the window."""
        return self.measurement.server

    @property
    def k6(self) -> LoadObservation:
        """Return what k6 reported of the measured window; the report has no figures where k6 was not run."""
        return self.measurement.load or LoadObservation()

    @property
    def database(self) -> DatabaseObservation:
        """Return what PostgreSQL used and counted over the window."""
        return self.measurement.database or DatabaseObservation()

    @property
    def upstream(self) -> UpstreamObservation:
        """Return what the upstream counted and used over the window."""
        return self.measurement.upstream or UpstreamObservation()

    @property
    def hosts(self) -> dict[str, HostObservation]:
        """Return the hosts' observations by role, in the order in which evidence names the roles."""
        return {role: self.measurement.hosts[role] for role in ("sut", "load", "db") if role in self.measurement.hosts}

    @property
    def last_words(self) -> str:
        """Return the last line of the server's log, to end a piece of evidence; empty where the log is empty."""
        end = self.server.log_tail.strip().rpartition("\n")[2]
        return f"; the last line of its log: {end}" if end else ""

    @property
    def loaded(self) -> bool:
        """True if k6 ran the window and reported its figures, even if no request was completed."""
        return self.measurement.load is not None and not self.k6.problem

    @property
    def measured(self) -> bool:
        """True if there is a window whose figures mean something."""
        return self.k6.problem is None and self.k6.requests > 0 and self.k6.window_taken_s > 0

    @property
    def sending_s(self) -> float:
        """Return the seconds for which k6 sent requests.

        k6 sends no request after the planned window, whose last answers may come late.
        """
        return min(self.k6.window_taken_s, self.load.window_s)

    @property
    def requests_per_s(self) -> float:
        """Return the requests a second that ended within the planned window, failed requests included."""
        return self._ended(self.k6.requests) / self.sending_s

    @property
    def throughput_rps(self) -> float:
        """Return the successful responses a second within the planned window.

        The rate does not depend on how long k6 waited for the last responses.
        """
        return self._ended(self.k6.requests - self.k6.failed_requests) / self.sending_s

    def _ended(self, requests: int) -> int:
        """Return the number of requests that ended within the planned window.

        Each virtual user of a closed load has one request under way at the end of the planned window.
        """
        under_way = self.load.vus if self.load.model == "closed" and self.k6.window_taken_s > self.sending_s else 0
        return max(0, requests - under_way)

    @property
    def diluted(self) -> float:
        """Return the share of the window's counts that the wait for the last answers hides; 0 where work went on."""
        rate = self.requests_per_s
        return max(0.0, 1 - self.k6.requests / self.k6.window_taken_s / rate) if rate else 0.0

    @property
    def throughput_series_rps(self) -> tuple[float, ...]:
        """Return the requests that ended a second, interval by interval, while k6 sent requests."""
        return self.k6.throughput_series_rps[: round(self.load.window_s / self.k6.series_interval_s)]

    @property
    def server_cpu(self) -> float:
        """Return the CPU time of the server over the time of its CPU set."""
        return self.server.cpu_s / (self.server.cpus * self.k6.window_taken_s)

    @property
    def others_cpu(self) -> float:
        """Return the CPU time of other processes than the server's over the time of the server's CPU set."""
        host = self.measurement.hosts.get("sut")
        return max(0.0, host.cpus_busy - host.steal - host.interrupts - self.server_cpu) if host else 0.0

    @property
    def generator_cpu(self) -> float:
        """Return the CPU time of k6 over the time of its CPU set.

        Several k6 processes count together or by the busiest process, whichever share is higher. Processes that share a
        CPU set fill the set together. One process with a CPU set of its own may be at its limit while the rest is idle.
        """
        return max(seen.cpu_s / (seen.cpus * seen.wall_s) if seen.wall_s else 0.0 for seen in (self.k6, *self.k6.parts))

    @property
    def database_cpu(self) -> float:
        """Return the CPU time of PostgreSQL over the time of its CPU set."""
        return self.database.cpu_s / (self.database.cpus * self.k6.window_taken_s)

    @property
    def upstream_cpu(self) -> float:
        """Return the CPU time of the upstream over the time of its CPU set."""
        return self.upstream.cpu_s / (self.upstream.cpus * self.k6.window_taken_s)

    @property
    def transactions_per_s(self) -> float:
        """Return the transactions a second of the database."""
        return self.database.transactions / self.k6.window_taken_s

    @property
    def transactions_share(self) -> float:
        """Return the transactions a second over the database's calibrated rate; 0 where the rate is not known."""
        calibrated = self.calibration.database_tps
        return self.transactions_per_s / calibrated if calibrated else 0.0

    @property
    def connections(self) -> int:
        """Return the number of connections to the database that all processes of the server may open together.

        Each process gets an equal part, at least one connection.
        """
        total = self.cell.pool_size
        return max(total // self.cell.workers, 1) * self.cell.workers if total else 0

    @property
    def connections_in_use(self) -> float:
        """Return the mean number of connections that executed a statement or were inside a transaction."""
        return (self.database.active_s + self.database.idle_in_transaction_s) / self.k6.window_taken_s

    @property
    def connections_taken(self) -> float:
        """Return the mean number of the pool's connections in use, the way to the database and back included."""
        under_way = self.database.transactions * ROUND_TRIP_S / self.k6.window_taken_s
        return min(self.connections, self.connections_in_use + under_way)
