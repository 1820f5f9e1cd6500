"""What the null server's answers say of the generator."""

import pytest

from benchmark_lab.run import Calibration, LoadObservation, Measurement, ServerObservation
from benchmark_lab.runtime.calibration import calibration_of
from benchmark_lab.runtime.trials import Measured

ANSWERED = {"requests": 20_000, "window_s": 2.0, "cpu_s": 2.0}


def measured(**load: object) -> Measured:
    observed = LoadObservation.model_validate(ANSWERED | load)
    return Measured(0, "", Measurement(server=ServerObservation(), load=observed), "", "")


def test_the_generator_can_do_what_it_did_against_a_server_that_answers_at_once() -> None:
    assert calibration_of(measured()) == Calibration(generator_rps=10_000, generator_cpu_us_per_request=100)


@pytest.mark.parametrize("failed", [{"failed_requests": 1}, {"problem": "k6 ended with status 107"}, {"requests": 0}])
def test_where_a_request_failed_nothing_is_known_of_the_generator(failed: dict[str, object]) -> None:
    assert calibration_of(measured(**failed)) == Calibration()
