"""Recorded measurements, good and bad, and the verdicts that they deserve."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmark_lab.bundle import Limits, Load
from benchmark_lab.run import Measurement, Trial
from benchmark_lab.verdict import Place, judge
from tests.synthetic import CLOSED, OPEN, cell

RECORDED = Path(__file__).parent / "measurements"
WINDOW = {"measure_s": 4.0}
OPEN_4S, CLOSED_4S = OPEN.model_copy(update=WINDOW), CLOSED.model_copy(update=WINDOW)
PLACE = Place(lane=0, round=3, position=1, started_at="2026-11-22T10:00:00Z")


def measurement(name: str) -> Measurement:
    return Measurement.model_validate_json((RECORDED / f"{name}.json").read_text())


def judged(measured: Measurement, load: Load = OPEN_4S) -> Trial:
    return judge(measured, cell("go-fiber"), load, Limits(), PLACE)


@pytest.mark.parametrize(
    ("name", "load", "codes", "evidence"),
    [
        ("valid-open", OPEN_4S, [], None),
        ("closed-sut-cpu", CLOSED_4S, [], None),
        ("errors", OPEN_4S, ["errors"], "120 of 1,201 requests failed (9.99%), at most 0.10% may: 120 status 503"),
        ("dropped-load", OPEN_4S, ["dropped-load"], "of 1,200 completed"),
        ("generator-limited", CLOSED_4S, ["generator-limited"], "of its CPU set, at most 80% are allowed"),
        (
            "generator-crowded",
            OPEN_4S,
            ["generator-limited"],
            "k6 used 17.2% of its CPU set, which was 100.0% busy",
        ),
        ("generator-failed", OPEN_4S, ["generator-failed"], "k6 was ended by signal 9 (SIGKILL)"),
        ("server-restarted", OPEN_4S, ["server-restarted", "errors"], "1 of the server's 1 processes ended"),
        ("server-not-ready", OPEN_4S, ["server-not-ready"], "the last line of its log: asyncpg.exceptions.TooManyConn"),
        ("database-failed", OPEN_4S, ["database-failed"], "PostgreSQL does not answer: connection refused"),
        ("warm-up-failed", OPEN_4S, ["warm-up-failed"], "k6 ended with status 107"),
    ],
)
def test_a_recorded_measurement_gets_its_reasons_with_evidence(
    name: str, load: Load, codes: list[str], evidence: str | None
) -> None:
    trial = judged(measurement(name), load)
    assert [reason.code for reason in trial.reasons] == codes
    assert trial.verdict == ("invalid" if codes else "valid")
    if evidence:
        assert evidence in trial.reasons[0].evidence


def test_every_recorded_measurement_is_judged_by_a_test() -> None:
    judged_above = test_a_recorded_measurement_gets_its_reasons_with_evidence.pytestmark[0].args[1]  # type: ignore[attr-defined]  # pytest's mark
    assert {path.stem for path in RECORDED.glob("*.json")} == {case[0] for case in judged_above}


def test_metrics_follow_from_the_counters() -> None:
    measured = measurement("errors")
    assert measured.load is not None
    trial = judged(measured)
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
    measured = measurement("valid-open")
    assert measured.load is not None
    load = measured.load.model_copy(update={"requests": requests})
    trial = judged(measured.model_copy(update={"load": load}))
    assert [p for p in (50, 90, 99, 999) if getattr(trial, f"latency_p{p}_ms") is not None] == reported


def test_a_trial_without_k6_figures_has_no_metrics() -> None:
    for name in ("generator-failed", "server-not-ready", "database-failed", "warm-up-failed"):
        trial = judged(measurement(name))
        assert trial.throughput_rps is trial.latency_p50_ms is trial.sut_cpu_us_per_request is None


@pytest.mark.parametrize(("used", "codes"), [((0.5, 0.4), ["wrong-workers"]), ((0.9,), []), (None, [])])
def test_a_server_with_another_number_of_workers_is_invalid(used: tuple[float, ...] | None, codes: list[str]) -> None:
    measured = measurement("valid-open")
    server = measured.server.model_copy(update={"worker_cpu_s": used})
    trial = judged(measured.model_copy(update={"server": server}))
    assert [reason.code for reason in trial.reasons] == codes


def test_a_window_without_a_completed_request_is_invalid() -> None:
    measured = measurement("closed-sut-cpu")
    assert measured.load is not None
    hung = measured.load.model_copy(update={"requests": 0, "iterations": 0, "latency_quantiles_ms": ()})
    trial = judged(measured.model_copy(update={"load": hung}), CLOSED_4S)
    assert [reason.code for reason in trial.reasons] == ["errors"]
    assert trial.reasons[0].evidence == "no request was completed within the window"


def test_a_load_that_never_ran_without_any_other_reason_is_invalid() -> None:
    trial = judged(measurement("valid-open").model_copy(update={"load": None}))
    assert [reason.code for reason in trial.reasons] == ["generator-failed"]


def test_a_process_that_came_counts_as_a_restart() -> None:
    measured = measurement("valid-open")
    server = measured.server.model_copy(update={"processes_after": (*measured.server.processes_after, "99:1")})
    trial = judged(measured.model_copy(update={"server": server}))
    assert [reason.code for reason in trial.reasons] == ["server-restarted"]
    assert trial.reasons[0].evidence == "1 came within it"


def test_a_server_that_was_ready_and_died_is_no_server_that_never_was() -> None:
    measured = measurement("server-restarted")
    died = measured.server.model_copy(update={"problem": "the server ended during the trial"})
    assert judged(measured.model_copy(update={"server": died})).reasons[0].code == "server-restarted"


def test_a_closed_load_names_what_limited_it_and_an_open_one_does_not() -> None:
    assert judged(measurement("closed-sut-cpu"), CLOSED_4S).limited_by == "sut-cpu"
    assert judged(measurement("generator-limited"), CLOSED_4S).limited_by == "generator"
    assert judged(measurement("valid-open"), CLOSED_4S).limited_by == "unknown"
    assert judged(measurement("valid-open")).limited_by is None


def test_a_last_answer_that_stretches_the_window_drops_no_load() -> None:
    measured = measurement("valid-open")
    assert measured.load is not None
    stretched = measured.load.model_copy(update={"window_s": 6.0})
    assert judged(measured.model_copy(update={"load": stretched})).verdict == "valid"


@settings(deadline=None)  # a busy machine is no bug
@given(
    name=st.sampled_from([path.stem for path in RECORDED.glob("*.json")]),
    failures=st.dictionaries(
        st.sampled_from(["status 500", "status 503", "no answer", "wrong body"]), st.integers(1, 9)
    ),
    processes=st.lists(st.integers(2, 30_000), unique=True, max_size=6),
    seed=st.integers(0, 2**32),
)
def test_order_that_means_nothing_changes_no_verdict(
    name: str, failures: dict[str, int], processes: list[int], seed: int
) -> None:
    measured = json.loads((RECORDED / f"{name}.json").read_text())
    chance = random.Random(seed)  # noqa: S311  repeatable, not secret
    for key in ("processes_before", "processes_after"):
        measured["server"][key] += [f"{pid}:{pid * 7}" for pid in processes]
    if measured["load"]:
        measured["load"]["failures"] = failures
    shuffled = json.loads(json.dumps(measured))
    for key in ("processes_before", "processes_after"):
        chance.shuffle(shuffled["server"][key])
    if shuffled["load"]:
        shuffled["load"]["failures"] = dict(chance.sample(sorted(failures.items()), len(failures)))
    assert judged(Measurement.model_validate(shuffled)) == judged(Measurement.model_validate(measured))
