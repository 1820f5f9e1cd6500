"""Drifts and steps of series whose noise and change are known."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

import pytest

from benchmark_lab.judge.drift import drift_of, level_shift_of


def seconds(
    n: int,
    chance: random.Random,
    *,
    noise: float = 0.02,
    correlation: float = 0.0,
    change: Callable[[int], float] = lambda _: 0.0,
) -> list[float]:
    """Throughput a second about 1,000: autoregressive noise on a level that `change` moves."""
    errors = [chance.gauss(0, 1)]
    while len(errors) < n:
        errors.append(correlation * errors[-1] + (1 - correlation**2) ** 0.5 * chance.gauss(0, 1))
    return [1_000 * (1 + change(second)) * (1 + noise * error) for second, error in enumerate(errors)]


def has_step(series: Sequence[float]) -> bool:
    step = level_shift_of(series)
    return step is not None and abs(step.change) > 0.03


def is_unstable(series: Sequence[float]) -> bool:
    drift = drift_of(series)
    return has_step(series) or (drift is not None and drift.exceeds(0.03))


@pytest.mark.parametrize("n", [20, 60])
@pytest.mark.parametrize(("noise", "correlation", "share"), [(0.02, 0.0, 0.02), (0.1, 0.0, 0.02), (0.05, 0.5, 0.08)])
def test_a_steady_window_is_seldom_called_unstable_however_noisy_it_is(
    n: int, noise: float, correlation: float, share: float
) -> None:
    chance = random.Random(n)  # noqa: S311  repeatable, not secret
    alarms = [is_unstable(seconds(n, chance, noise=noise, correlation=correlation)) for _ in range(500)]
    assert sum(alarms) <= share * len(alarms)


@pytest.mark.parametrize("at", [8, 30])
def test_a_step_of_twice_the_limit_is_found_where_it_is(at: int) -> None:
    chance = random.Random(at)  # noqa: S311  repeatable, not secret
    series = [seconds(40, chance, change=lambda second: -0.06 * (second >= at)) for _ in range(100)]
    steps = [step for step in map(level_shift_of, series) if step]
    assert len(steps) >= 90
    assert sorted(step.at for step in steps)[len(steps) // 2] == at
    assert sum(step.change for step in steps) / len(steps) == pytest.approx(-0.06, abs=0.01)


def test_a_pause_a_first_second_and_a_slow_change_are_no_steps() -> None:
    paused = seconds(30, random.Random(8))  # noqa: S311  repeatable, not secret
    paused[20] = 100
    late = seconds(30, random.Random(9), noise=0.001, change=lambda second: -0.2 * (second == 0))  # noqa: S311  likewise
    slow = seconds(60, random.Random(7), noise=0.001, change=lambda second: 0.02 * second / 60)  # noqa: S311  likewise
    assert [has_step(series) for series in (paused, late, slow)] == [False, False, False]


def test_a_step_needs_twenty_intervals() -> None:
    stepping = [1_000.0] * 10 + [800.0] * 10
    assert has_step(stepping)
    assert level_shift_of(stepping[1:]) is None


@pytest.mark.parametrize("value", [0.0, 250.0])
def test_a_constant_series_has_no_step(value: float) -> None:
    assert level_shift_of([value] * 30) is None
