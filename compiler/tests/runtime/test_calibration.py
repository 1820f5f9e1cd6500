"""What the null server's answers say of the generator."""

from pathlib import Path

import pytest

from benchmark_lab.bundle import Load, Rounds
from benchmark_lab.run import Calibration, LoadObservation, Measurement, ServerObservation
from benchmark_lab.runtime.calibration import calibration_of
from benchmark_lab.runtime.machine import available_cpus
from benchmark_lab.runtime.trials import Measured
from tests.runtime.world import OPEN, World, cells
from tests.synthetic import CLOSED, experiment

ANSWERED = {"requests": 20_000, "window_s": 2.0, "cpu_s": 2.0}


def measured(**load: object) -> Measured:
    observed = LoadObservation.model_validate(ANSWERED | load)
    return Measured(0, "", Measurement(server=ServerObservation(), load=observed), "", "")


def test_the_generator_can_do_what_it_did_against_a_server_that_answers_at_once() -> None:
    assert calibration_of(measured()) == Calibration(generator_rps=10_000, generator_cpu_us_per_request=100)


@pytest.mark.parametrize("failed", [{"failed_requests": 1}, {"problem": "k6 ended with status 107"}, {"requests": 0}])
def test_where_a_request_failed_nothing_is_known_of_the_generator(failed: dict[str, object]) -> None:
    assert calibration_of(measured(**failed)) == Calibration()


@pytest.mark.parametrize(
    ("load", "arrivals", "of_a_cpu"),
    [(OPEN, "uniform", (12_000, 0)), (OPEN, "poisson", (6_000, 750)), (CLOSED, "uniform", (0, 0))],
)
def test_the_null_server_gets_the_arrivals_that_the_trials_have_and_more_than_k6_can_do(
    tmp_path: Path, load: Load, arrivals: str, of_a_cpu: tuple[int, int]
) -> None:
    world, asks = World(tmp_path), experiment(contrasts=[], rounds=Rounds(min=1, max=1))
    asks = asks.model_copy(update={"load": asks.load.model_copy(update={"arrivals": arrivals})})
    world.write(asks, cells(load)[:1], 1)
    world.apply()
    rate, waiting = (each * len(available_cpus()) for each in of_a_cpu)
    assert world.calibrated == [(arrivals, rate, 32 + waiting)]
