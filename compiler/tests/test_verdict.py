"""Measurements, good and bad, and the verdicts that they deserve."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest

from benchmark_lab.bundle import Load
from benchmark_lab.run import Calibration, HostObservation, Measurement, Trial
from benchmark_lab.statistics.merge import merge_loads
from benchmark_lab.verdict.codes import ReasonCode, RemarkCode
from tests.measurements.recorded import CALIBRATED, OPEN, RECORDED, Recorded, closed, measurement


def judged(name: str, **changed: object) -> Trial:
    """Judge a record after its parts were changed: `load` by fields of k6's observation, and so on."""
    return RECORDED[name].judge(edited(measurement(name), **changed))


def edited(measured: Measurement, **changed: object) -> Measurement:
    parts = {}
    for part, fields in changed.items():
        before = getattr(measured, part)
        parts[part] = before.model_copy(update=fields) if isinstance(fields, dict) and part != "hosts" else fields
    return measured.model_copy(update=parts)


def codes(trial: Trial) -> list[str]:
    return [reason.code for reason in trial.reasons]


@pytest.mark.parametrize("name", RECORDED)
def test_a_recorded_measurement_gets_exactly_its_reasons_and_remarks_with_evidence(name: str) -> None:
    trial, deserved = judged(name), RECORDED[name]
    assert tuple(codes(trial)) == deserved.codes
    assert trial.verdict == ("invalid" if deserved.codes else "valid")
    assert tuple(remark.code for remark in trial.remarks) == deserved.remarks
    if deserved.codes:
        assert deserved.evidence
        assert deserved.evidence in trial.reasons[0].evidence


def test_every_recorded_measurement_is_judged() -> None:
    folder = Path(__file__).parent / "measurements"
    assert {path.stem for path in folder.glob("*.json")} == set(RECORDED)


def test_of_every_measurement_it_is_said_once_how_it_came_to_be() -> None:
    page = (Path(__file__).parent / "measurements" / "README.md").read_text()
    rows = [line.split("|")[2] for line in page.splitlines() if line.startswith("| ") and "`" in line.split("|")[2]]
    assert sorted(name for row in rows for name in row.replace("`", "").split()) == sorted(RECORDED)


def test_every_code_has_a_record_and_reasons_stand_in_the_order_of_their_causes() -> None:
    order = get_args(ReasonCode)
    assert {code for recorded in RECORDED.values() for code in recorded.codes} == set(order)
    assert {code for recorded in RECORDED.values() for code in recorded.remarks} == set(get_args(RemarkCode))
    for recorded in RECORDED.values():
        assert list(recorded.codes) == sorted(recorded.codes, key=order.index)


def test_metrics_follow_from_the_counters() -> None:
    measured = measurement("errors")
    assert measured.load is not None
    trial = judged("errors")
    assert trial.throughput_rps == pytest.approx((1201 - 120) / measured.load.window_s)
    assert trial.sut_cpu_us_per_request == pytest.approx(measured.server.cpu_s / 1201 * 1e6)
    assert trial.sut_cpu_utilisation == pytest.approx(measured.server.cpu_s / measured.load.window_s)
    assert trial.generator_cpu_utilisation == pytest.approx(measured.load.cpu_s / measured.load.wall_s)
    assert trial.latency_p90_ms == measured.load.latency_quantiles_ms[900]
    assert trial.sut_rss_peak_mib == pytest.approx(measured.server.rss_peak_bytes / 1024 / 1024)
    assert (trial.trial, trial.round, trial.position, trial.offered_rps) == ("r3.p1", 3, 1, 300)


@pytest.mark.parametrize(
    ("requests", "reported"),
    [(99, []), (100, [50]), (999, [50]), (1_000, [50, 90]), (10_000, [50, 90, 99]), (100_000, [50, 90, 99, 999])],
)
def test_a_percentile_is_reported_only_with_enough_requests(requests: int, reported: list[int]) -> None:
    trial = judged("valid-open", load={"requests": requests})
    assert [p for p in (50, 90, 99, 999) if getattr(trial, f"latency_p{p}_ms") is not None] == reported


def test_a_trial_without_k6_figures_has_no_metrics() -> None:
    for name in ("generator-failed", "server-not-ready", "database-failed", "warm-up-failed"):
        trial = judged(name)
        assert trial.throughput_rps is trial.latency_p50_ms is trial.sut_cpu_us_per_request is None


def test_a_window_without_a_completed_request_is_invalid() -> None:
    trial = judged("closed-sut-cpu", load={"requests": 0, "iterations": 0, "latency_quantiles_ms": ()})
    assert codes(trial) == ["errors"]
    assert trial.reasons[0].evidence == "no request was completed within the window"


def test_a_load_that_never_ran_without_any_other_reason_is_invalid() -> None:
    assert codes(judged("valid-open", load=None)) == ["generator-failed"]


def test_a_process_that_came_counts_as_a_restart() -> None:
    after = (*measurement("valid-open").server.processes_after, "99:1")
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


def test_a_last_answer_that_stretches_the_window_drops_no_load() -> None:
    assert judged("valid-open", load={"window_s": 6.0}).verdict == "valid"


def test_a_last_answer_that_stretches_the_window_breaks_no_law() -> None:
    assert judged("valid-closed", load={"window_s": 23.0, "wall_s": 23.2}).verdict == "valid"


def test_requests_without_an_answer_may_have_kept_the_virtual_users_that_are_missing() -> None:
    failed = {"failed_requests": 3, "failures": {"no answer": 3}}
    assert codes(judged("littles-law", load=failed)) == []
    assert codes(judged("littles-law", load={**failed, "failures": {"status 503": 3}})) == ["littles-law"]


def test_requests_that_fail_at_once_are_errors_and_no_work_of_the_generator() -> None:
    refused = {
        "failed_requests": 9_000,
        "failures": {"status 503": 9_000},
        "latency_mean_ms": 32 / 29_640 * 20_000 * 1.4,
    }
    assert codes(judged("valid-closed", load=refused)) == ["errors"]


@pytest.mark.parametrize(("share", "expected"), [(0.50, []), (0.504, []), (0.52, ["generator-limited"])])
def test_a_rate_of_exactly_the_generators_share_is_allowed(share: float, expected: list[str]) -> None:
    of = replace(RECORDED["valid-open"], calibration=Calibration(generator_rps=300 / share))
    trial = of.judge(measurement("valid-open"))
    assert codes(trial) == expected
    if expected:
        assert "300 requests a second are 52.0% of the 577 that k6 can send, at most 50%" in trial.reasons[0].evidence


def test_several_k6_processes_are_judged_together() -> None:
    two = {"processes": 2, "cpus": 2, "cpu_s": 35.0}
    evidence = judged("valid-closed", load=two).reasons[0].evidence
    assert "the 2 k6 processes used 86.7% of their busiest CPU set" in evidence


def test_a_load_box_at_its_limit_is_not_hidden_by_one_that_is_not() -> None:
    alone = measurement("valid-closed").load
    assert alone is not None
    one, other = (alone.model_copy(update={"cpu_s": share * alone.wall_s}) for share in (0.95, 0.56))
    trial = judged("valid-closed", load=merge_loads([one, other]))
    assert codes(trial)[0] == "generator-limited"
    assert "the 2 k6 processes used 95.0% of their busiest CPU set" in trial.reasons[0].evidence


def test_a_database_near_its_calibrated_rate_is_a_limit_although_its_cpus_are_idle() -> None:
    of = replace(RECORDED["valid-closed"], calibration=Calibration(database_tps=2_000))
    trial = of.judge(measurement("valid-closed"))
    assert codes(trial) == ["db-limited"]
    assert "1,484 transactions a second are 74.2% of the database's calibrated 2,000" in trial.reasons[0].evidence
    assert trial.limited_by == "db"


@pytest.mark.parametrize(("steal", "expected"), [(0.012, ["host-noise"]), (0.008, [])])
def test_hosts_of_ones_own_are_allowed_a_tenth_of_a_shared_machines_steal(steal: float, expected: list[str]) -> None:
    of = replace(RECORDED["valid-closed"], shared_host=False)
    measured = edited(measurement("valid-closed"), hosts={"db": HostObservation(steal=steal)})
    assert codes(of.judge(measured)) == expected


def test_more_rows_than_right_answers_are_those_of_requests_that_failed_after_their_commit() -> None:
    assert judged("valid-closed", database={"users_added": 18_460, "events_added": 36_947}).verdict == "valid"


def test_rows_that_were_not_counted_are_not_missing() -> None:
    assert judged("rows-missing", database={"users_added": None, "events_added": None}).verdict == "valid"


@pytest.mark.parametrize("intervals", [0, 7])
def test_a_window_of_few_intervals_is_untested_and_not_unstable(intervals: int) -> None:
    trial = judged("unstable", load={"throughput_series_rps": tuple(range(1, intervals + 1))})
    assert codes(trial) == []
    assert [remark.code for remark in trial.remarks] == ["steady-state-untested"]
    assert trial.remarks[0].evidence == f"the window has {intervals} intervals, a drift needs 8"


def test_a_change_that_the_noise_of_the_seconds_explains_is_no_drift() -> None:
    noisy = (900, 2100, 1000, 1900, 1200, 2000, 1100, 2200)
    assert codes(judged("valid-closed", load={"throughput_series_rps": noisy})) == []
    rising = tuple(1000 + 10 * second for second in range(8))
    trial = judged("valid-closed", load={"throughput_series_rps": rising})
    assert trial.reasons[0].evidence.startswith("the throughput rose by 7.7% over the window (± 0.0%), at most 3%")


def test_a_step_near_the_windows_begin_is_no_steady_state_although_no_line_shows_it() -> None:
    stepped = (1300, 1290, 1310, 1295, 1305, *(1500, 1510, 1490, 1495, 1505) * 3)
    trial = judged("valid-closed", load={"throughput_series_rps": stepped})
    assert codes(trial) == ["unstable"]
    assert "rose by 13.8% at a step 5 s into the window, at most 3%" in trial.reasons[0].evidence


def test_an_idle_servers_workers_are_not_compared() -> None:
    idle = {"worker_cpu_s": (0.9, 0.1), "cpu_s": 1.0}
    assert judged("imbalanced-workers", server=idle).remarks == ()


def test_what_older_records_lack_is_no_reason() -> None:
    of = Recorded(load=closed(8, 4), calibration=Calibration(), endpoints=())
    trial = of.judge(edited(measurement("closed-sut-cpu"), hosts={}, upstream=None, database=None))
    assert (trial.verdict, trial.limited_by) == ("valid", "sut-cpu")


@pytest.mark.parametrize("load", [OPEN, closed(32)])
def test_only_a_closed_load_is_limited_by_something(load: Load) -> None:
    trial = replace(RECORDED["valid-closed"], load=load, calibration=CALIBRATED).judge(measurement("valid-closed"))
    assert (trial.limited_by is not None) == (load.model == "closed")
    assert (trial.limited_by_evidence is not None) == (load.model == "closed")
