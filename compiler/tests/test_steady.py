"""Steady state against series whose drift, step and correlation are known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmark_lab.statistics.steady import Steadiness, steadiness


def seconds(
    n: int,
    chance: np.random.Generator,
    *,
    noise: float = 0.02,
    correlation: float = 0.0,
    drift: float = 0.0,
    step: float = 0.0,
    at: int = 0,
) -> list[float]:
    """Throughput a second around 1,000: autoregressive noise, a change by `drift` over the window and by `step`."""
    errors = [chance.normal()]
    while len(errors) < n:
        errors.append(correlation * errors[-1] + (1 - correlation**2) ** 0.5 * chance.normal())
    second = np.arange(n)
    level = 1_000 * (1 + drift * second / n) * (1 + step * (second >= at))
    return [float(value) for value in level * (1 + noise * np.array(errors))]


def unsteady_share(found: list[Steadiness]) -> float:
    return sum(steady.state == "unsteady" for steady in found) / len(found)


@pytest.mark.parametrize(("n", "noise"), [(20, 0.02), (60, 0.02), (20, 0.1), (60, 0.1)])
def test_a_steady_window_is_seldom_called_unsteady_however_noisy_it_is(n: int, noise: float) -> None:
    chance = np.random.default_rng(n)
    assert unsteady_share([steadiness(seconds(n, chance, noise=noise)) for _ in range(200)]) <= 0.08


def test_seconds_that_resemble_their_neighbours_are_no_drift() -> None:
    chance = np.random.default_rng(3)
    series = [seconds(60, chance, noise=0.05, correlation=0.5) for _ in range(200)]
    assert unsteady_share([steadiness(values) for values in series]) <= 0.1


def test_a_drift_of_twice_the_limit_is_found() -> None:
    chance = np.random.default_rng(4)
    found = [steadiness(seconds(60, chance, drift=0.06)) for _ in range(100)]
    assert unsteady_share(found) >= 0.95
    changes = [steady.drift.change for steady in found if steady.drift]
    assert np.median(changes) == pytest.approx(0.06, abs=0.006)


def test_the_drifts_interval_covers_it_at_its_level() -> None:
    chance = np.random.default_rng(5)
    drifts = [steadiness(seconds(30, chance, drift=0.05)).drift for _ in range(400)]
    true = 0.05 / 1.025  # of the level in the middle of the window
    assert 0.93 <= sum(drift is not None and drift.low <= true <= drift.high for drift in drifts) / 400 <= 1


def test_a_step_of_twice_the_limit_is_found_where_it_is() -> None:
    chance = np.random.default_rng(6)
    found = [steadiness(seconds(40, chance, step=-0.06, at=30)) for _ in range(100)]
    assert unsteady_share(found) >= 0.95
    steps = [steady.step for steady in found if steady.step]
    assert np.median([step.at for step in steps]) == 30
    assert np.median([step.change for step in steps]) == pytest.approx(-0.06, abs=0.01)


def test_a_certain_drift_below_the_limit_is_steady() -> None:
    found = steadiness(seconds(60, np.random.default_rng(7), noise=0.001, drift=0.02))
    assert found.state == "steady"
    assert found.drift is not None
    assert found.drift.low > 0


def test_one_second_of_a_pause_is_no_step_and_no_drift() -> None:
    series = seconds(30, np.random.default_rng(8))
    series[20] = 100
    assert steadiness(series).state == "steady"


def test_fewer_than_twenty_seconds_can_be_unsteady_but_never_steady() -> None:
    chance = np.random.default_rng(9)
    assert steadiness(seconds(10, chance)).state == "untested"
    assert steadiness(seconds(10, chance, drift=0.5)).state == "unsteady"
    assert steadiness(seconds(4, chance, drift=0.5)) == Steadiness("untested", None, None)


def test_an_hour_of_seconds_is_judged_in_blocks_and_its_step_placed_in_seconds() -> None:
    found = steadiness(seconds(3_600, np.random.default_rng(10), step=0.1, at=1_200))
    assert found.step is not None
    assert (found.state, found.step.at) == ("unsteady", 1_200)


@pytest.mark.parametrize("value", [0.0, 250.0])
def test_a_constant_series_is_steady_unless_there_was_nothing(value: float) -> None:
    assert steadiness([value] * 30).state == ("steady" if value else "untested")


@settings(deadline=None)  # a busy machine is no bug
@given(st.lists(st.floats(1, 1e4), min_size=5, max_size=40), st.sampled_from([0.001, 1_000.0]))
def test_the_unit_of_a_series_does_not_matter(series: list[float], factor: float) -> None:
    found, scaled = steadiness(series), steadiness([value * factor for value in series])
    assert found.drift is not None
    assert scaled.drift is not None
    assert scaled.drift.change == pytest.approx(found.drift.change, rel=1e-6, abs=1e-9)
