"""What the null server's answers say of the generator."""

from pathlib import Path

import pytest

from benchmark_lab.apply.calibrate import calibration_of, problem_of
from benchmark_lab.bundle import Load, RoundCount
from benchmark_lab.hosts.cpus import available_cpus
from benchmark_lab.records import Calibration, HostObservation, LoadObservation, Measurement, ServerObservation
from tests.apply.world import NULL_RPS, OPEN, World, cells
from tests.synthetic import CLOSED, experiment

ANSWERED = {"requests": 20_000, "window_taken_s": 2.0, "wall_s": 2.0, "cpu_s": 2.0}
"""10,000 requests a second by one CPU of the generator that had no time left, at 100 µs each."""
OF_FOUR = {"cpus": 4, "cpus_busy": 0.3}
LOAD = Load(model="closed", vus=32, warmup_s=1, window_s=2)


def measured(server: ServerObservation | None = None, sut_busy: float = 0.3, **load: object) -> Measurement:
    return Measurement(
        server=server or ServerObservation(cpu_s=0.6),
        load=LoadObservation.model_validate(ANSWERED | load),
        hosts={"sut": HostObservation(cpus_busy=sut_busy)},
    )


def generator_rps(measurement: Measurement) -> float:
    rps = calibration_of(measurement, LOAD).generator_rps
    assert rps
    return rps


def test_the_generator_can_do_what_it_did_against_a_server_that_answers_at_once() -> None:
    expected = Calibration(generator_rps=10_000, generator_cpu_us_per_request=100)
    assert calibration_of(measured(), LOAD) == expected


@pytest.mark.parametrize(
    ("failed", "problem"),
    [
        (
            measured(failed_requests=21, failures={"status 503": 21}),
            "21 of 20,000 requests failed (21 status 503)",
        ),
        (measured(problem="k6 ended with status 107"), "k6 ended with status 107"),
        (measured(requests=0), "no request was completed"),
        (measured(ServerObservation(problem="it never became ready")), "it never became ready"),
    ],
)
def test_why_a_load_tells_nothing_of_the_generator(failed: Measurement, problem: str) -> None:
    assert problem_of(failed) == problem


def test_a_few_requests_may_fail() -> None:
    assert problem_of(measured(failed_requests=20)) is None


def test_the_wait_for_a_late_answer_is_no_limit_of_the_generator() -> None:
    assert generator_rps(measured(window_taken_s=60.0)) == pytest.approx(10_000, rel=0.01)


@pytest.mark.parametrize(
    ("server_cpu_s", "sut_busy"), [(1.7, 0.3), (1.2, 0.95)], ids=["its process", "the network's work for it"]
)
def test_where_the_null_server_has_no_time_left_the_generators_rate_follows_from_its_own_cpus(
    server_cpu_s: float, sut_busy: float
) -> None:
    found = measured(ServerObservation(cpu_s=server_cpu_s), sut_busy, **OF_FOUR)
    assert generator_rps(found) == pytest.approx(4 * 0.8 / 100e-6)


@pytest.mark.parametrize("load", [{}, {"cpus": 4, "cpus_busy": 0.9}], ids=["alone", "by what shares its CPUs"])
def test_a_generator_without_time_left_reached_its_limit_whatever_the_null_server_used(load: dict[str, object]) -> None:
    assert generator_rps(measured(ServerObservation(cpu_s=1.9), 0.95, **load)) == 10_000


def test_a_null_server_that_has_time_left_is_no_limit() -> None:
    assert generator_rps(measured(ServerObservation(cpu_s=1.6), 0.8, **OF_FOUR)) == 10_000


def one_round(world: World, load: Load, arrivals: str = "uniform") -> World:
    """The world with a bundle of one cell and round."""
    asks = experiment(contrasts=[], rounds=RoundCount(min=1, max=1))
    asks = asks.model_copy(update={"load": asks.load.model_copy(update={"arrivals": arrivals})})
    world.write(asks, cells(load)[:1], 1)
    return world


@pytest.mark.parametrize(
    ("load", "arrivals", "of_a_cpu"),
    [(OPEN, "uniform", (12_000, 0)), (OPEN, "poisson", (6_000, 750)), (CLOSED, "uniform", (0, 0))],
)
def test_the_null_server_gets_the_arrivals_that_the_trials_have_and_more_than_k6_can_do(
    tmp_path: Path, load: Load, arrivals: str, of_a_cpu: tuple[int, int]
) -> None:
    world = one_round(World(tmp_path), load, arrivals)
    world.apply()
    rate, waiting = (each * len(available_cpus()) for each in of_a_cpu)
    assert world.calibrated == [(arrivals, rate, 32 + waiting)]


def test_several_processes_on_the_same_cpus_are_asked_for_no_more_than_one(tmp_path: Path) -> None:
    world = one_round(World(tmp_path, load_hosts=3), OPEN)
    world.apply()
    assert world.calibrated == [("uniform", 12_000 * len(available_cpus()), 3 * 32)]


def test_a_calibration_that_failed_is_done_once_more(tmp_path: Path) -> None:
    world = one_round(World(tmp_path, failing=1), CLOSED)
    summary = world.apply()
    (found,) = (of.calibration for of in summary.cells)
    assert found
    assert found.generator_rps == pytest.approx(min(32 * 100, NULL_RPS), rel=0.01)
    assert (len(world.calibrated), summary.notes) == (2, ())


def test_a_calibration_that_failed_twice_is_noted_since_nothing_is_checked_by_it(tmp_path: Path) -> None:
    world = one_round(World(tmp_path, failing=2), CLOSED)
    summary = world.apply()
    note = (
        "The generator could not be calibrated with 01-lightweight on small: k6 ended with status 107. "
        "Its share of what it can send is not checked there."
    )
    assert (summary.notes, world.progress.said[:1]) == ((note,), [note])
    page = (world.folder.path / "summary.md").read_text()
    assert note in page
    assert "- 01-lightweight: a calibration failed, so that its limit is not checked" in page
