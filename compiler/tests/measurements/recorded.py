"""The measurements beside this, recorded or made (README.md says which): what each was a trial of, and its verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from benchmark_lab.bundle import Cell, Limits, Load
from benchmark_lab.run import Calibration, LimitedBy, Measurement, Trial
from benchmark_lab.verdict import Place, judge
from tests.synthetic import cell

PLACE = Place(lane=0, round=3, position=1, started_at="2026-11-22T10:00:00Z")
OPEN = Load(model="open", vus=50, rate_per_s=300, warmup_s=1, measure_s=4)
CALIBRATED = Calibration(generator_rps=10_600, generator_cpu_us_per_request=94, database_tps=5_200)
WRITES, READS, CALLS, HEALTH = ("createUser", "replaceUser"), ("listUsers", "getUser"), ("getExternal",), ("getHealth",)


def closed(vus: int, measure_s: float = 20) -> Load:
    return Load(model="closed", vus=vus, warmup_s=5, measure_s=measure_s)


@dataclass(frozen=True, slots=True)
class Recorded:
    load: Load = OPEN
    workers: int = 1
    pool_size: int = 16
    calibration: Calibration = CALIBRATED
    endpoints: tuple[str, ...] = HEALTH
    shared_host: bool = True
    codes: tuple[str, ...] = ()
    """Of the reasons that it deserves, in their order."""
    evidence: str = ""
    """Part of the first reason's."""
    remarks: tuple[str, ...] = ()
    limited_by: LimitedBy | None = None
    limit: str = ""
    """Part of the evidence of what limited it."""

    @property
    def cell(self) -> Cell:
        of = cell("go-fiber", workers=self.workers)
        return of.model_copy(update={"env": {"DB_POOL_TOTAL": str(self.pool_size)}})

    def judge(self, measured: Measurement) -> Trial:
        return judge(
            measured,
            self.cell,
            self.load,
            Limits(),
            PLACE,
            calibration=self.calibration,
            endpoints=self.endpoints,
            shared_host=self.shared_host,
        )


def measurement(name: str) -> Measurement:
    return Measurement.model_validate_json((Path(__file__).parent / f"{name}.json").read_text())


SHORT = Recorded(remarks=("steady-state-untested",))
WRITING = Recorded(load=closed(32), workers=2, endpoints=WRITES, limited_by="sut-cpu")
CALLING = Recorded(load=closed(64), endpoints=CALLS, limited_by="upstream")

RECORDED: Mapping[str, Recorded] = {
    "valid-open": SHORT,
    "valid-closed": replace(WRITING, limit="the server used 95.6% of its CPU"),
    "closed-sut-cpu": replace(SHORT, load=closed(8, 4), limited_by="sut-cpu", limit="the server used 94.1% of its CPU"),
    "database-failed": Recorded(
        codes=("database-failed",), evidence="PostgreSQL does not answer: connection refused; its postmaster"
    ),
    "server-not-ready": Recorded(
        codes=("server-not-ready",), evidence="the last line of its log: asyncpg.exceptions.TooManyConn"
    ),
    "server-restarted": replace(
        SHORT, codes=("server-restarted", "errors"), evidence="1 of the server's 1 processes ended within the window"
    ),
    "wrong-workers": replace(WRITING, codes=("wrong-workers",), evidence="1 processes serve, not 2"),
    "warm-up-failed": Recorded(codes=("warm-up-failed",), evidence="k6 ended with status 107"),
    "upstream-failed": replace(
        CALLING,
        codes=("upstream-failed",),
        evidence="the simulated API does not answer: connection refused",
        limited_by="unknown",
    ),
    "generator-failed": Recorded(codes=("generator-failed",), evidence="k6 was ended by signal 9 (SIGKILL)"),
    "host-ending": replace(
        WRITING,
        shared_host=False,
        codes=("host-ending",),
        evidence="hosts that have notice to be taken away, or could not tell: 1 of load",
    ),
    "host-noise": replace(
        WRITING,
        codes=("host-noise",),
        evidence="the hypervisor took 13.7% of sut's CPU time, at most 10% of a shared machine are allowed",
    ),
    "generator-limited": replace(
        SHORT,
        load=closed(32, 4),
        codes=("generator-limited",),
        evidence="k6 used 98.7% of its CPU set, at most 80% are allowed",
        limited_by="generator",
        limit="k6 used 98.7% of its CPU set",
    ),
    "generator-crowded": replace(
        SHORT, codes=("generator-limited",), evidence="k6 used 17.2% of its CPU set, which was 100.0% busy, at most 95%"
    ),
    "littles-law": replace(
        WRITING,
        codes=("littles-law",),
        evidence="by throughput and mean latency 26.5 virtual users were in a request at a time, and there are 32",
        limited_by="generator",
        limit="26.5 virtual users",
    ),
    "network-limited": replace(
        WRITING,
        codes=("network-limited",),
        evidence="312 listen overflows on sut, 287 SYN retransmits on load, none are allowed",
        limited_by="network",
        limit="312 listen overflows on sut",
    ),
    "network-allowance": replace(
        WRITING,
        shared_host=False,
        codes=("network-limited",),
        evidence=(
            "1,893 packets beyond the network allowance on sut, 412 packets beyond the network allowance on db, "
            "none are allowed"
        ),
        limited_by="network",
        limit="1,893 packets",
    ),
    "db-limited": replace(
        WRITING,
        codes=("db-limited",),
        evidence="PostgreSQL used 77.0% of its CPU set, at most 70% are allowed",
        limited_by="db",
        limit="PostgreSQL used 77.0% of its CPU set",
    ),
    "upstream-limited": replace(
        CALLING,
        codes=("upstream-limited",),
        evidence="the simulated API used 78.1% of its CPU set, at most 70% are allowed",
        limit="the simulated API used 78.1% of its CPU set",
    ),
    "dropped-load": replace(
        SHORT, codes=("dropped-load",), evidence="601 iterations were dropped, 600 of 1,200 completed (50.0%)"
    ),
    "errors": replace(
        SHORT, codes=("errors",), evidence="120 of 1,201 requests failed (9.99%), at most 0.10% may: 120 status 503"
    ),
    "unstable": replace(WRITING, codes=("unstable",), evidence="the throughput fell by "),
    "too-few-samples": Recorded(
        load=closed(8),
        endpoints=("postUpload",),
        codes=("too-few-samples",),
        evidence="84 requests, at least 100 are needed",
        limited_by="sut-cpu",
    ),
    "rows-missing": replace(
        WRITING,
        codes=("rows-missing",),
        evidence="36,940 answers said that a user was created or replaced, and 29,641 events were added",
    ),
    "upstream-not-called": replace(
        CALLING,
        codes=("upstream-not-called",),
        evidence="12,440 right answers of getExternal, and 125 calls of the simulated API",
        limited_by="sut-slots",
    ),
    "remarked": replace(WRITING, remarks=("host-noise", "checkpoint")),
    "imbalanced-workers": replace(WRITING, remarks=("imbalanced-workers",)),
    "limited-by-upstream": replace(
        CALLING, load=closed(32), limit="3,168 calls of 200 ms are 98.8% of the virtual users' time"
    ),
    "limited-by-sut-slots": Recorded(
        load=closed(32),
        workers=2,
        endpoints=CALLS,
        limited_by="sut-slots",
        limit="the server used 3.4% of its CPU while on average 30.1 of 32 requests waited in it",
    ),
    "blocked-worker": Recorded(
        load=closed(16),
        workers=2,
        remarks=("imbalanced-workers",),
        limited_by="sut-slots",
        limit="1 of 2 workers used nearly no CPU time, and a request took 20.0 s",
    ),
    "limited-by-pool": Recorded(
        load=closed(64),
        pool_size=1,
        endpoints=READS,
        calibration=CALIBRATED.model_copy(update={"database_tps": 7_400}),
        limited_by="pool",
        limit="1.00 of 1 connections were taken on average, for 64 virtual users",
    ),
    "limited-by-db-locks": replace(
        WRITING, limited_by="db", limit="on average 14.2 of 16 connections waited for a lock"
    ),
    "limited-by-db-slow": Recorded(
        load=closed(32),
        endpoints=READS,
        limited_by="db",
        limit="a transaction took 12.47 ms in the database, calibrated 3.08 ms",
    ),
    "limited-by-unknown": Recorded(
        load=closed(4),
        limited_by="unknown",
        limit="the server used 71.0% of its CPU and k6 55.5% of its own; nothing seen was at a limit",
    ),
}
