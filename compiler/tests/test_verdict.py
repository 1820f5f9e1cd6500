"""Records of trials, good and bad, and the verdicts that they deserve."""

from __future__ import annotations

import pytest

from benchmark_lab.bundle import Load
from benchmark_lab.judge.reasons import REASONS, WARNINGS
from benchmark_lab.records import Calibration, HostObservation, LoadObservation, Trial
from benchmark_lab.statistics.merge import merge_loads
from tests.measurements.records import FOLDER, calibrated, record
from tests.measurements.verdicts import VERDICTS

OPEN = Load(model="open", vus=50, arrival_rate_rps=300, warmup_s=1, window_s=4)
CLOSED = Load(model="closed", vus=32, warmup_s=5, window_s=20)


def judged(name: str, **changed: object) -> Trial:
    return record(name).having(**changed).judge()


def window_of(name: str) -> LoadObservation:
    load = record(name).measurement.load
    assert load is not None
    return load


def codes(trial: Trial) -> list[str]:
    return [reason.code for reason in trial.reasons]


@pytest.mark.parametrize("name", VERDICTS)
def test_a_record_gets_exactly_its_reasons_and_warnings_with_evidence(name: str) -> None:
    trial, deserved = judged(name), VERDICTS[name]
    assert tuple(codes(trial)) == deserved.codes
    assert trial.verdict == ("invalid" if deserved.codes else "valid")
    assert tuple(warning.code for warning in trial.warnings) == deserved.warnings
    if deserved.codes:
        assert deserved.evidence
        assert deserved.evidence in trial.reasons[0].evidence


def test_every_record_is_judged() -> None:
    assert {path.stem for path in FOLDER.glob("*.json")} == set(VERDICTS)


def test_every_code_has_a_record_and_reasons_stand_in_the_order_of_their_causes() -> None:
    order = [rule.code for rule in REASONS]
    assert {code for deserved in VERDICTS.values() for code in deserved.codes} == set(order)
    assert {code for deserved in VERDICTS.values() for code in deserved.warnings} == {rule.code for rule in WARNINGS}
    for deserved in VERDICTS.values():
        assert list(deserved.codes) == sorted(deserved.codes, key=order.index)


def test_every_reason_but_the_hypervisors_has_a_record_as_the_hosts_reported_it() -> None:
    edited = {name for name in VERDICTS if record(name).edited}
    assert edited == {"host-noise", "host-noise-warned", "network-allowance"}
    as_reported = {code for name in VERDICTS.keys() - edited for code in VERDICTS[name].codes}
    assert {rule.code for rule in REASONS} - as_reported == {"host-noise"}


def test_metrics_follow_from_the_counters() -> None:
    server, load, trial = record("errors").measurement.server, window_of("errors"), judged("errors")
    assert trial.throughput_rps == pytest.approx((load.requests - load.failed_requests) / 10)
    assert trial.sut_cpu_us_per_request == pytest.approx(server.cpu_s / load.requests * 1e6)
    assert trial.sut_cpu_utilisation == pytest.approx(server.cpu_s / load.window_taken_s)
    assert trial.generator_cpu_utilisation == pytest.approx(load.cpu_s / load.wall_s)
    assert trial.latency_p90_ms == load.latency_quantiles_ms[900]
    assert trial.sut_rss_peak_mib == pytest.approx(server.rss_peak_bytes / 1024 / 1024)
    assert (trial.trial, trial.round, trial.position, trial.arrival_rate_rps) == ("r3.p1", 3, 1, 100)


@pytest.mark.parametrize(
    ("requests", "reported"),
    [(99, []), (100, [50]), (999, [50]), (1_000, [50, 90]), (10_000, [50, 90, 99]), (100_000, [50, 90, 99, 999])],
)
def test_a_percentile_is_reported_only_with_enough_requests(requests: int, reported: list[int]) -> None:
    trial = judged("valid-open", load={"requests": requests})
    assert [p for p in (50, 90, 99, 999) if getattr(trial, f"latency_p{p}_ms") is not None] == reported


@pytest.mark.parametrize("name", ["generator-failed", "server-not-ready"])
def test_a_trial_without_k6_figures_has_no_metrics(name: str) -> None:
    trial = judged(name)
    assert trial.throughput_rps is trial.latency_p50_ms is trial.sut_cpu_us_per_request is None


def test_a_window_without_a_completed_request_is_invalid() -> None:
    trial = judged("valid-closed", load={"requests": 0, "iterations": 0, "latency_quantiles_ms": ()})
    assert codes(trial) == ["errors"]
    assert trial.reasons[0].evidence == "no request was completed within the window"


def test_a_load_that_never_ran_without_any_other_reason_is_invalid() -> None:
    assert codes(judged("valid-open", load=None)) == ["generator-failed"]


def test_a_process_that_came_counts_as_a_restart() -> None:
    after = (*record("valid-open").measurement.server.processes_after, "99:1")
    trial = judged("valid-open", server={"processes_after": after})
    assert codes(trial) == ["server-restarted"]
    assert trial.reasons[0].evidence == "1 came within it"


def test_a_server_that_was_not_seen_before_a_window_did_not_restart() -> None:
    never_loaded = {"load": None, "warmup": None, "upstream": {"problem": "it does not answer"}}
    trial = judged("upstream-failed", server={"processes_before": ()}, **never_loaded)
    assert codes(trial) == ["upstream-failed"]
    died = {"processes_before": (), "problem": "the server ended during the trial"}
    assert judged("upstream-failed", server=died).reasons[0].evidence == "the server ended during the trial"


def test_a_server_that_was_ready_and_died_is_no_server_that_never_was() -> None:
    trial = judged("server-restarted", server={"problem": "the server ended during the trial"})
    assert trial.reasons[0].code == "server-restarted"


def test_a_server_whose_workers_were_not_counted_does_not_have_the_wrong_number() -> None:
    assert codes(judged("valid-closed", server={"worker_cpu_s": None})) == []


@pytest.mark.parametrize(("name", "planned_s"), [("valid-open", 10), ("valid-closed", 20)])
def test_a_late_last_answer_breaks_no_law_and_takes_nothing_from_the_others(name: str, planned_s: float) -> None:
    trial = judged(name, load={"window_taken_s": 1.1 * planned_s, "wall_s": 1.1 * planned_s})
    assert codes(trial) == []
    assert trial.throughput_rps == pytest.approx(judged(name).throughput_rps, rel=1e-3)


def test_what_is_under_way_at_a_closed_loads_planned_end_does_not_count() -> None:
    load = window_of("valid-closed")
    assert load.window_taken_s > 20
    assert judged("valid-closed").throughput_rps == pytest.approx((load.requests - 32) / 20)


def test_a_server_that_works_off_a_queue_after_the_planned_end_is_no_faster_and_its_counters_are_whole() -> None:
    """The record's two workers take 100 ms for each request; here four times as many virtual users wait for them."""
    queued = record("limited-by-sut-slots").model_copy(
        update={"load": Load(model="closed", vus=128, warmup_s=2, window_s=10)}
    )
    trial = queued.having(
        load={"requests": 328, "iterations": 328, "window_taken_s": 16.4, "latency_mean_ms": 4_000}
    ).judge()
    assert trial.throughput_rps == pytest.approx(20)
    assert "no-steady-state" not in codes(trial)


HUNG = {"window_taken_s": 60.0, "wall_s": 60.2}


@pytest.mark.parametrize(("name", "evidence"), [("valid-open", "50.0 s"), ("valid-closed", "40.0 s")])
def test_an_answer_that_hung_hides_what_was_counted(name: str, evidence: str) -> None:
    trial = judged(name, load=HUNG)
    assert codes(trial) == ["no-steady-state"]
    assert trial.reasons[0].evidence.startswith(
        f"the last answer came {evidence} after the planned window, which hides"
    )


def test_the_time_in_which_only_a_last_answer_is_waited_for_is_no_step() -> None:
    idle = (*[1990.0, 2010.0, 2000.0, 1995.0, 2005.0] * 4, *[0.0] * 40)
    (reason,) = judged("valid-closed", load={**HUNG, "throughput_series_rps": idle}).reasons
    assert "at a step" not in reason.evidence


def test_requests_without_an_answer_may_have_kept_the_virtual_users_that_are_missing() -> None:
    failed = {"failed_requests": 3, "failures": {"no answer": 3}}
    assert codes(judged("littles-law", load=failed)) == []
    assert codes(judged("littles-law", load={**failed, "failures": {"status 503": 3}})) == ["littles-law"]


def test_requests_that_fail_at_once_are_errors_and_no_work_of_the_generator() -> None:
    requests = window_of("valid-closed").requests
    failed = requests * 3 // 10
    refused = {
        "failed_requests": failed,
        "failures": {"status 503": failed},
        "latency_mean_ms": 32 / requests * 20_000 * 1.4,
    }
    assert codes(judged("valid-closed", load=refused)) == ["errors"]


@pytest.mark.parametrize(("share", "expected"), [(0.50, []), (0.504, []), (0.52, ["generator-limited"])])
def test_a_rate_of_exactly_the_generators_share_is_allowed(share: float, expected: list[str]) -> None:
    trial = calibrated("valid-open", generator_rps=100 / share).having(load={"requests": 1_000}).judge()
    assert codes(trial) == expected
    if expected:
        assert "100 requests a second are 52.0% of the 192 that k6 can send, at most 50%" in trial.reasons[0].evidence


@pytest.mark.parametrize(
    ("shared", "lag_ms", "p99_ms", "expected"),
    [
        (False, 1.9, 5.0, []),
        (False, 2.1, 5.0, ["late-arrivals"]),
        (False, 2.9, 30.0, []),
        (False, 3.1, 30.0, ["late-arrivals"]),
        (True, 19.0, 5.0, []),
        (True, 21.0, 5.0, ["late-arrivals"]),
        (True, 19.0, 40.0, []),
        (True, 39.0, 40.0, ["late-arrivals"]),
    ],
)
def test_requests_that_begin_late_are_not_the_load_that_was_asked_for(
    *, shared: bool, lag_ms: float, p99_ms: float, expected: list[str]
) -> None:
    quantiles = (1.0,) * 990 + (p99_ms,) * 11
    valid = record("valid-open").model_copy(update={"shared_host": shared})
    trial = valid.having(load={"lag_p99_ms": lag_ms, "latency_quantiles_ms": quantiles}).judge()
    assert codes(trial) == expected
    if expected:
        assert trial.reasons[0].evidence.startswith(f"one iteration in 100 began {lag_ms} ms late or later, at most ")


def test_where_iterations_were_dropped_the_others_do_not_know_when_they_were_due() -> None:
    late = {"lag_p99_ms": 900.0, "dropped_iterations": 90}
    assert codes(judged("valid-open", load=late)) == ["dropped-iterations"]


def test_several_k6_processes_are_judged_together() -> None:
    two = {"processes": 2, "cpus": 2, "cpu_s": 0.867 * 2 * window_of("valid-closed").wall_s}
    evidence = judged("valid-closed", load=two).reasons[0].evidence
    assert "the 2 k6 processes used 86.7% of their busiest CPU set" in evidence


def test_a_load_host_at_its_limit_is_not_hidden_by_one_that_is_not() -> None:
    alone = window_of("valid-closed")
    one, other = (alone.model_copy(update={"cpu_s": share * alone.wall_s}) for share in (0.95, 0.56))
    trial = judged("valid-closed", load=merge_loads([one, other]))
    assert codes(trial)[0] == "generator-limited"
    assert "the 2 k6 processes used 95.0% of their busiest CPU set" in trial.reasons[0].evidence


def test_a_database_near_its_calibrated_rate_is_a_limit_although_its_cpus_are_idle() -> None:
    database = record("limited-by-unknown").measurement.database
    assert database is not None
    rate = database.transactions / window_of("limited-by-unknown").window_taken_s
    trial = calibrated("limited-by-unknown", database_tps=rate / 0.742).judge()
    assert codes(trial) == ["db-limited"]
    assert f"{rate:,.0f} transactions a second are 74.2% of the database's calibrated" in trial.reasons[0].evidence
    assert trial.bottleneck == "db"


@pytest.mark.parametrize(("steal", "expected"), [(0.012, ["host-noise"]), (0.008, [])])
def test_hosts_of_ones_own_are_allowed_a_tenth_of_a_shared_machines_steal(steal: float, expected: list[str]) -> None:
    own = record("valid-closed").model_copy(update={"shared_host": False})
    assert codes(own.having(hosts={"db": HostObservation(steal=steal)}).judge()) == expected


def test_more_rows_than_right_answers_are_those_of_requests_that_failed_after_their_commit() -> None:
    database = record("checkpoint").measurement.database
    assert database is not None
    assert database.rows_added.keys() == {"users", "user_events"}
    more = {table: rows + 5 for table, rows in database.rows_added.items()}
    assert judged("checkpoint", database={"rows_added": more}).verdict == "valid"


def test_rows_that_were_not_counted_are_not_missing() -> None:
    assert judged("rows-missing", database={"rows_added": {}}).verdict == "valid"


@pytest.mark.parametrize("intervals", [0, 7])
def test_a_window_of_few_intervals_is_untested_and_not_unstable(intervals: int) -> None:
    trial = judged("no-steady-state", load={"throughput_series_rps": tuple(range(1, intervals + 1))})
    assert codes(trial) == []
    assert [warning.code for warning in trial.warnings] == ["host-noise", "steady-state-untested"]
    assert trial.warnings[1].evidence == f"the window has {intervals} intervals, a drift needs 8"


def test_a_change_that_the_noise_of_the_seconds_explains_is_no_drift() -> None:
    noisy = (900, 2100, 1000, 1900, 1200, 2000, 1100, 2200)
    trial = judged("valid-closed", load={"throughput_series_rps": noisy})
    assert codes(trial) == []
    assert [warning.code for warning in trial.warnings] == ["steady-state-untested"]
    assert trial.warnings[0].evidence == "the intervals differ so much that a drift of up to 133% would not show"
    rising = tuple(1000 + 10 * second for second in range(8))
    trial = judged("valid-closed", load={"throughput_series_rps": rising})
    assert trial.reasons[0].evidence.startswith("the throughput rose by 7.7% over the window (± 0.0%), at most 3%")


def test_a_step_near_the_windows_begin_is_no_steady_state_although_no_line_shows_it() -> None:
    stepped = (1300, 1290, 1310, 1295, 1305, *(1500, 1510, 1490, 1495, 1505) * 3)
    trial = judged("no-steady-state", load={"throughput_series_rps": stepped})
    assert codes(trial) == ["no-steady-state"]
    assert "rose by 13.8% at a step 5 s into the window, at most 3%" in trial.reasons[0].evidence


def test_other_work_on_the_servers_cpus_is_noise_and_the_kernels_interrupts_are_none() -> None:
    busy = record("no-steady-state").measurement.hosts["sut"].cpus_busy
    alone = record("no-steady-state").model_copy(update={"shared_host": False})
    crowded = alone.judge()
    assert codes(crowded) == ["host-noise", "no-steady-state"]
    assert crowded.reasons[0].evidence == (
        "other processes used 21.7% of the server's CPU set, at most 10% are allowed"
    )
    quiet = alone.having(hosts={"sut": HostObservation(cpus_busy=busy, interrupts=0.15)}).judge()
    assert codes(quiet) == ["no-steady-state"]
    assert quiet.bottleneck == "sut-cpu"


def test_an_idle_servers_workers_are_not_compared() -> None:
    idle = {"worker_cpu_s": (0.8, 0.1), "cpu_s": 0.9}
    assert judged("imbalanced-workers", server=idle, hosts={}).warnings == ()


def test_what_older_records_lack_is_no_reason() -> None:
    bare = record("valid-closed").model_copy(update={"calibration": Calibration(), "operations": {}})
    trial = bare.having(hosts={}, upstream=None, database=None).judge()
    assert (trial.verdict, trial.bottleneck) == ("valid", "sut-cpu")


@pytest.mark.parametrize("load", [OPEN, CLOSED])
def test_only_a_closed_load_has_a_bottleneck(load: Load) -> None:
    trial = record("valid-closed").model_copy(update={"load": load}).judge()
    assert (trial.bottleneck is not None) == (load.model == "closed")
    assert (trial.bottleneck_evidence is not None) == (load.model == "closed")
