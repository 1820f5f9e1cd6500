"""The verdict that each record beside this deserves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from benchmark_lab.records import Bottleneck


@dataclass(frozen=True, slots=True)
class Deserved:
    codes: tuple[str, ...] = ()
    """Of its reasons, in their order."""
    evidence: str = ""
    """Part of the first reason's."""
    warnings: tuple[str, ...] = ()
    bottleneck: Bottleneck | None = None
    bottleneck_evidence: str = ""
    """Part of the evidence of what limited it."""


VERDICTS: Mapping[str, Deserved] = {
    "valid-open": Deserved(),
    "valid-closed": Deserved(bottleneck="sut-cpu", bottleneck_evidence="the server used 99.8% of its CPU"),
    "short": Deserved(warnings=("steady-state-untested",)),
    "checkpoint": Deserved(warnings=("checkpoint",)),
    "imbalanced-workers": Deserved(
        warnings=("imbalanced-workers",), bottleneck="sut-cpu", bottleneck_evidence="the server used 99.0% of its CPU"
    ),
    "host-noise": Deserved(
        codes=("host-noise",),
        evidence="the hypervisor took 13.7% of sut's CPU time, at most 10% of a shared machine are allowed",
        bottleneck="sut-cpu",
    ),
    "host-noise-warned": Deserved(warnings=("host-noise",), bottleneck="sut-cpu"),
    "host-ending": Deserved(
        codes=("host-ending",),
        evidence="hosts that have notice to be taken away, or could not tell: 1 of sut, 1 of load",
    ),
    "database-failed": Deserved(codes=("database-failed", "network-limited", "errors"), evidence="PostgreSQL ended"),
    "server-not-ready": Deserved(
        codes=("server-not-ready",), evidence="the last line of its log: ERROR:    Application startup failed. Exiting."
    ),
    "server-restarted": Deserved(
        codes=("server-restarted",), evidence="1 of the server's 4 processes ended within the window, 1 came within it"
    ),
    "wrong-workers": Deserved(codes=("wrong-workers",), evidence="1 processes serve, not 2"),
    "warm-up-failed": Deserved(codes=("warm-up-failed",), evidence="k6 was ended by signal 9 (SIGKILL)"),
    "upstream-failed": Deserved(
        codes=("upstream-failed", "dropped-iterations", "errors"),
        evidence="the upstream does not answer: timed out",
        warnings=("steady-state-untested",),
    ),
    "generator-failed": Deserved(codes=("generator-failed",), evidence="k6 was ended by signal 9 (SIGKILL)"),
    "generator-limited": Deserved(
        codes=("generator-limited",),
        evidence="k6 used 94.2% of its CPU set, at most 80% are allowed",
        warnings=("steady-state-untested",),
        bottleneck="generator",
        bottleneck_evidence="k6 used 94.2% of its CPU set",
    ),
    "generator-crowded": Deserved(
        codes=("generator-limited",),
        evidence="k6 used 5.1% of its CPU set, which was 100.0% busy, at most 95% are allowed",
    ),
    "late-arrivals": Deserved(
        codes=("late-arrivals",),
        evidence="one iteration in 100 began 102.0 ms late or later, at most 20.0 ms are allowed",
    ),
    "littles-law": Deserved(
        codes=("littles-law",),
        evidence="by throughput and mean latency 1.2 virtual users were in a request at a time, and there are 8",
        bottleneck="generator",
        bottleneck_evidence="1.2 virtual users",
    ),
    "network-limited": Deserved(
        codes=("network-limited", "no-steady-state"),
        evidence="81 SYN retransmits on sut, 155 listen overflows on sut, 81 SYN retransmits on load",
        bottleneck="network",
        bottleneck_evidence="155 listen overflows on sut",
    ),
    "network-allowance": Deserved(
        codes=("network-limited",),
        evidence="1,893 packets beyond the network allowance on sut, 412 packets beyond the network allowance on load",
        bottleneck="network",
        bottleneck_evidence="1,893 packets",
    ),
    "db-limited": Deserved(
        codes=("db-limited",), evidence="PostgreSQL used 82.7% of its CPU set, at most 70% are allowed"
    ),
    "upstream-limited": Deserved(
        codes=("upstream-limited",),
        evidence="the upstream used 78.3% of its CPU set, at most 70% are allowed",
        warnings=("host-noise",),
    ),
    "dropped-iterations": Deserved(
        codes=("dropped-iterations",), evidence="187 iterations were dropped, 214 of 400 completed (53.5%)"
    ),
    "errors": Deserved(
        codes=("errors",), evidence="108 of 1,001 requests failed (10.79%), at most 0.10% may: 108 status 502"
    ),
    "no-steady-state": Deserved(
        codes=("no-steady-state",),
        evidence="the throughput fell by 104.5% over the window (± 81.3%), at most 3% are allowed",
        warnings=("host-noise",),
        bottleneck="unknown",
        bottleneck_evidence="other processes used 21.7% of the server's CPU set",
    ),
    "too-few-samples": Deserved(
        codes=("too-few-samples",), evidence="41 requests, at least 100 are needed", warnings=("steady-state-untested",)
    ),
    "rows-missing": Deserved(
        codes=("rows-missing",),
        evidence="the successful responses account for 1,202 new rows of user_events, and 942 were added",
    ),
    "upstream-not-called": Deserved(
        codes=("upstream-not-called",),
        evidence="1,001 successful responses of getExternal, and 0 calls of the upstream",
    ),
    "limited-by-upstream": Deserved(
        warnings=("steady-state-untested",),
        bottleneck="upstream",
        bottleneck_evidence="1,600 calls of 200 ms are 98.9% of the virtual users' time",
    ),
    "limited-by-sut-slots": Deserved(
        warnings=("steady-state-untested",),
        bottleneck="sut-slots",
        bottleneck_evidence="the server used 2.8% of its CPU while on average 30.1 of 32 requests waited in it",
    ),
    "blocked-worker": Deserved(
        warnings=("imbalanced-workers", "steady-state-untested"),
        bottleneck="sut-slots",
        bottleneck_evidence="1 of 2 workers used nearly no CPU time, and a request took 9.8 s",
    ),
    "limited-by-pool": Deserved(
        warnings=("steady-state-untested",),
        bottleneck="pool",
        bottleneck_evidence="1.00 of 1 connections were taken on average, for 32 virtual users",
    ),
    "limited-by-db-locks": Deserved(
        codes=("db-limited",),
        evidence="989 transactions a second are 82.2% of the database's calibrated 1,203",
        bottleneck="db",
        bottleneck_evidence="on average 13.0 of 16 connections waited for a lock",
    ),
    "limited-by-db-slow": Deserved(
        warnings=("steady-state-untested",),
        bottleneck="db",
        bottleneck_evidence="a transaction took 102.26 ms in the database, calibrated 4.21 ms",
    ),
    "limited-by-unknown": Deserved(
        warnings=("steady-state-untested",),
        bottleneck="unknown",
        bottleneck_evidence="the server used 68.3% of its CPU and k6 20.2% of its own; nothing seen was at a limit",
    ),
    "limited-by-neighbour": Deserved(
        warnings=("host-noise", "steady-state-untested"),
        bottleneck="unknown",
        bottleneck_evidence="other processes used 48.1% of the server's CPU set",
    ),
}
