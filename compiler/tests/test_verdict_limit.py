"""What limited a closed load's throughput, of recorded and of made measurements."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import pytest

from benchmark_lab.run import Calibration, HostObservation, LimitedBy, Measurement
from tests.measurements.recorded import RECORDED, measurement

LIMITED = [name for name, recorded in RECORDED.items() if recorded.limit]


def served(name: str, **fields: object) -> Measurement:
    """The record with another observation of the server."""
    measured = measurement(name)
    return measured.model_copy(update={"server": measured.server.model_copy(update=fields)})


@pytest.mark.parametrize("name", RECORDED)
def test_a_recorded_measurement_names_its_limit(name: str) -> None:
    assert RECORDED[name].judge(measurement(name)).limited_by == RECORDED[name].limited_by


@pytest.mark.parametrize("name", LIMITED)
def test_a_limit_is_named_with_its_figures(name: str) -> None:
    assert RECORDED[name].limit in (RECORDED[name].judge(measurement(name)).limited_by_evidence or "")


def test_every_limit_has_a_record() -> None:
    assert {RECORDED[name].limited_by for name in LIMITED} == set(get_args(LimitedBy))


def test_a_busy_generator_explains_a_busy_server() -> None:
    of = replace(RECORDED["valid-closed"], calibration=Calibration(generator_rps=2_000))
    trial = of.judge(measurement("valid-closed"))
    assert trial.sut_cpu_utilisation == pytest.approx(0.956, abs=1e-3)
    assert trial.limited_by == "generator"


def test_a_small_pool_and_not_the_database_explains_a_rate_near_that_of_as_many_connections() -> None:
    of = replace(RECORDED["limited-by-pool"], calibration=Calibration(database_tps=5_200))
    trial = of.judge(measurement("limited-by-pool"))
    assert [reason.code for reason in trial.reasons] == ["db-limited"]
    assert trial.limited_by == "pool"


@pytest.mark.parametrize("tps", [5_200, 20_000, 35_000])
def test_a_small_pool_is_not_called_a_slow_database_of_many_cpus(tps: float) -> None:
    of = replace(RECORDED["limited-by-pool"], calibration=Calibration(database_tps=tps))
    measured = measurement("limited-by-pool")
    assert measured.database is not None
    large = measured.model_copy(update={"database": measured.database.model_copy(update={"cpus": 8})})
    assert of.judge(large).limited_by == "pool"


def test_a_connection_is_taken_for_longer_than_its_statement_executes() -> None:
    measured = measurement("limited-by-pool")
    assert measured.database is not None
    quick = measured.model_copy(update={"database": measured.database.model_copy(update={"active_s": 5.2})})
    assert RECORDED["limited-by-pool"].judge(quick).limited_by == "pool"
    assert replace(RECORDED["limited-by-pool"], pool_size=16).judge(quick).limited_by != "pool"


def test_workers_that_handle_one_request_at_a_time_wait_for_no_connection() -> None:
    one_each = replace(RECORDED["limited-by-pool"], workers=4, pool_size=16)
    measured = served("limited-by-pool", worker_cpu_s=(2.3, 2.3, 2.3, 2.2))
    assert measured.database is not None
    database = measured.database.model_copy(update={"active_s": 24.0, "connections": 4})
    assert one_each.judge(measured.model_copy(update={"database": database})).limited_by == "sut-slots"


def test_one_threaded_workers_that_fill_a_cpu_each_are_bound_by_it_on_a_larger_host() -> None:
    full = served("valid-closed", cpus=8, cpu_s=38.2, worker_cpu_s=(19.4, 18.8))
    trial = RECORDED["valid-closed"].judge(full)
    assert trial.limited_by == "sut-cpu"
    assert trial.limited_by_evidence == "each of 2 workers used 95.4% of a CPU on average"


def test_a_process_of_many_threads_is_not_bound_by_one_cpu() -> None:
    half = served("limited-by-unknown", cpus=8, cpu_s=80.0)
    assert RECORDED["limited-by-unknown"].judge(half).limited_by == "unknown"


def test_a_cpu_set_that_is_busy_around_the_server_limits_it() -> None:
    measured = measurement("limited-by-unknown")
    crowded = measured.model_copy(update={"hosts": {"sut": HostObservation(cpus_busy=0.99)}})
    trial = RECORDED["limited-by-unknown"].judge(crowded)
    assert (trial.limited_by, trial.limited_by_evidence) == (
        "sut-cpu",
        "the server used 71.0% of its CPU, which was 99.0% busy",
    )


def test_a_blocked_worker_shows_by_requests_without_an_answer_too() -> None:
    measured = measurement("blocked-worker")
    assert measured.load is not None
    timed_out = measured.load.model_copy(
        update={
            "window_s": 60.1,
            "wall_s": 60.3,
            "failed_requests": 8,
            "failures": {"no answer": 8},
            "latency_mean_ms": 2.57,
            "latency_quantiles_ms": (*measured.load.latency_quantiles_ms[:-1], 60_000.0),
        }
    )
    trial = RECORDED["blocked-worker"].judge(measured.model_copy(update={"load": timed_out}))
    assert (trial.verdict, trial.limited_by) == ("valid", "sut-slots")


def test_an_idle_worker_is_not_blocked_where_no_request_stayed_with_it() -> None:
    measured = measurement("blocked-worker")
    assert measured.load is not None
    quick = measured.load.model_copy(
        update={"latency_quantiles_ms": tuple(min(q, 50.0) for q in measured.load.latency_quantiles_ms)}
    )
    assert RECORDED["blocked-worker"].judge(measured.model_copy(update={"load": quick})).limited_by == "unknown"


def test_a_slow_api_that_holds_all_virtual_users_limits_them_whatever_latency_it_was_set_to() -> None:
    measured = measurement("limited-by-upstream")
    assert measured.upstream is not None
    slower = measured.model_copy(update={"upstream": measured.upstream.model_copy(update={"latency_ms": 10})})
    trial = RECORDED["limited-by-upstream"].judge(slower)
    assert trial.limited_by == "upstream"
    assert trial.limited_by_evidence == "up to 32 of 32 virtual users waited for the simulated API at a time"


def test_a_server_whose_database_was_not_watched_is_not_said_to_make_requests_wait_itself() -> None:
    idle = served("limited-by-sut-slots")
    of = replace(RECORDED["limited-by-sut-slots"], endpoints=("getExternal", "getUser"))
    assert of.judge(idle).limited_by == "unknown"
    assert replace(of, endpoints=()).judge(idle).limited_by == "unknown"
