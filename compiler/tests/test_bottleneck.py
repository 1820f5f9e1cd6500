"""What limited a closed load's throughput."""

from __future__ import annotations

from typing import get_args

import pytest

from benchmark_lab.bundle import BundledOperation
from benchmark_lab.records import Bottleneck, DatabaseObservation, HostObservation
from tests.measurements.records import Record, calibrated, record
from tests.measurements.verdicts import VERDICTS

LIMITED = [name for name, deserved in VERDICTS.items() if deserved.bottleneck_evidence]


def window_taken_s(name: str) -> float:
    load = record(name).measurement.load
    assert load is not None
    return load.window_taken_s


def database_of(name: str) -> DatabaseObservation:
    database = record(name).measurement.database
    assert database is not None
    return database


def with_cell(of: Record, workers: int, pool_size: int) -> Record:
    cell = of.cell.model_copy(update={"workers": workers, "env": {"DB_POOL_TOTAL": str(pool_size)}})
    return of.model_copy(update={"cell": cell})


@pytest.mark.parametrize("name", VERDICTS)
def test_a_record_names_its_limit(name: str) -> None:
    assert record(name).judge().bottleneck == VERDICTS[name].bottleneck


@pytest.mark.parametrize("name", LIMITED)
def test_a_limit_is_named_with_its_figures(name: str) -> None:
    assert VERDICTS[name].bottleneck_evidence in (record(name).judge().bottleneck_evidence or "")


def test_every_limit_has_a_record_as_the_hosts_reported_it() -> None:
    assert {VERDICTS[name].bottleneck for name in LIMITED if not record(name).edited} == set(get_args(Bottleneck))


def test_a_busy_generator_explains_a_busy_server() -> None:
    trial = calibrated("valid-closed", generator_rps=2_500).judge()
    assert trial.sut_cpu_utilisation is not None
    assert trial.sut_cpu_utilisation > 0.9
    assert trial.bottleneck == "generator"


def test_a_small_pool_and_not_the_database_explains_a_rate_near_that_of_as_many_connections() -> None:
    rate = database_of("limited-by-pool").transactions / window_taken_s("limited-by-pool")
    trial = calibrated("limited-by-pool", database_tps=rate / 0.8).judge()
    assert [reason.code for reason in trial.reasons] == ["db-limited"]
    assert trial.bottleneck == "pool"


@pytest.mark.parametrize("tps", [5_200, 20_000, 35_000])
def test_a_small_pool_is_not_called_a_slow_database_of_many_cpus(tps: float) -> None:
    large = calibrated("limited-by-pool", database_tps=tps).having(database={"cpus": 8})
    assert large.judge().bottleneck == "pool"


def test_a_connection_is_taken_for_longer_than_its_statement_executes() -> None:
    quick = record("limited-by-pool").having(database={"active_s": 0.2 * window_taken_s("limited-by-pool")})
    assert quick.judge().bottleneck == "pool"
    assert with_cell(quick, workers=1, pool_size=16).judge().bottleneck != "pool"


def test_workers_that_handle_one_request_at_a_time_wait_for_no_connection() -> None:
    window = window_taken_s("limited-by-pool")
    worker = 0.11 * window
    one_each = with_cell(record("limited-by-pool"), workers=4, pool_size=16).having(
        server={"cpu_s": 4 * worker, "worker_cpu_s": (worker,) * 4},
        load={"cpus_busy": 0.5},
        database={"active_s": 1.2 * window, "connections": 4},
        hosts={},
    )
    assert one_each.judge().bottleneck == "sut-slots"


def test_one_threaded_workers_that_fill_a_cpu_each_are_bound_by_it_on_a_larger_host() -> None:
    window = window_taken_s("valid-closed")
    used = (0.97 * window, 0.938 * window)
    trial = record("valid-closed").having(server={"cpus": 8, "cpu_s": sum(used), "worker_cpu_s": used}).judge()
    assert trial.bottleneck == "sut-cpu"
    assert trial.bottleneck_evidence == "each of 2 workers used 95.4% of a CPU on average"


@pytest.mark.parametrize("used_cpus", [1, 4])
def test_a_process_of_many_threads_is_not_bound_by_one_cpu(used_cpus: int) -> None:
    busy = {"cpus": 8, "cpu_s": used_cpus * window_taken_s("limited-by-upstream")}
    record_of = record("limited-by-upstream").having(server=busy, hosts={})
    many = record_of.model_copy(update={"cell": record_of.cell.model_copy(update={"multithreaded": True})})
    assert many.judge().bottleneck == "upstream"
    assert many.having(upstream=None).judge().bottleneck == "unknown"


def test_a_cpu_set_that_is_busy_around_the_server_limits_it() -> None:
    busy = record("limited-by-unknown").having(hosts={"sut": HostObservation(cpus_busy=0.99, interrupts=0.25)})
    trial = busy.judge()
    assert trial.bottleneck == "sut-cpu"
    assert (trial.bottleneck_evidence or "").endswith("of its CPU, which was 99.0% busy")


def test_a_neighbour_on_the_servers_cpus_is_not_taken_for_the_server() -> None:
    crowded = record("limited-by-unknown").having(hosts={"sut": HostObservation(cpus_busy=0.99)}).judge()
    assert crowded.bottleneck == "unknown"
    assert (crowded.bottleneck_evidence or "").endswith("other processes used 30.7% of the server's CPU set")


def test_a_pool_is_not_blamed_where_nobody_knows_how_fast_the_database_is() -> None:
    assert calibrated("limited-by-db-slow", generator_rps=20_000).judge().bottleneck == "unknown"


def test_a_blocked_worker_shows_by_requests_without_an_answer_too() -> None:
    load = record("blocked-worker").measurement.load
    assert load is not None
    timed_out = {
        "window_taken_s": 60.1,
        "wall_s": 60.3,
        "failed_requests": 8,
        "failures": {"no answer": 8},
        "latency_quantiles_ms": (*load.latency_quantiles_ms[:-1], 60_000.0),
    }
    trial = record("blocked-worker").having(load=timed_out).judge()
    assert ([reason.code for reason in trial.reasons], trial.bottleneck) == (["no-steady-state"], "sut-slots")


def test_an_idle_worker_is_not_blocked_where_no_request_stayed_with_it() -> None:
    load = record("blocked-worker").measurement.load
    assert load is not None
    quick = {"latency_quantiles_ms": tuple(min(quantile, 50.0) for quantile in load.latency_quantiles_ms)}
    trial = record("blocked-worker").having(load=quick).judge()
    assert trial.bottleneck_evidence is not None
    assert "workers used nearly no CPU time" not in trial.bottleneck_evidence


def test_a_slow_api_that_holds_all_virtual_users_limits_them_whatever_latency_it_was_set_to() -> None:
    trial = record("limited-by-upstream").having(upstream={"latency_ms": 10}).judge()
    assert trial.bottleneck == "upstream"
    assert trial.bottleneck_evidence == "up to 32 of 32 virtual users waited for the upstream at a time"


def test_a_slow_api_limits_no_virtual_users_that_also_send_other_requests() -> None:
    slow = record("limited-by-upstream").having(upstream={"latency_ms": 10})
    mixed = slow.model_copy(update={"operations": slow.operations | {"getHealth": BundledOperation(uses=())}})
    assert mixed.judge().bottleneck != "upstream"


def test_a_server_whose_database_was_not_watched_is_not_said_to_make_requests_wait_itself() -> None:
    reads = {"getUser": BundledOperation(uses=("database",))}
    idle = record("limited-by-sut-slots")
    assert idle.model_copy(update={"operations": idle.operations | reads}).judge().bottleneck == "unknown"
    assert idle.model_copy(update={"operations": {}}).judge().bottleneck == "unknown"
