"""The Universal Scalability Law against sweeps made by it."""

from __future__ import annotations

from math import inf

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmark_lab.statistics.usl import Law, UslFit, scaling

SWEEP = (1, 2, 4, 8, 17)
RETROGRADE = Law(gamma=1_000, alpha=0.05, beta=0.005)


def sweep(law: Law, rounds: int, seed: int, noise: float = 0.03) -> list[dict[int, float]]:
    """Rounds with noise of their own on a weather that a round's trials share."""
    chance = np.random.default_rng(seed)
    return [
        {workers: law.throughput(workers) * weather * float(np.exp(chance.normal(0, noise))) for workers in SWEEP}
        for weather in np.exp(chance.normal(0, 0.1, rounds)).tolist()
    ]


def fitted(rounds: list[dict[int, float]], seed: int = 1) -> UslFit:
    found = scaling(rounds, seed)
    assert found is not None
    return found


@settings(deadline=None, max_examples=50)  # a busy machine is no bug
@given(st.floats(1, 1e5), st.floats(0, 0.95), st.floats(0, 0.1))
def test_a_sweep_without_noise_gives_its_law_back(gamma: float, alpha: float, beta: float) -> None:
    law = Law(gamma, alpha, beta)
    found = fitted([{workers: law.throughput(workers) for workers in SWEEP}]).law
    assert found.gamma == pytest.approx(gamma, rel=1e-4)
    assert found.alpha == pytest.approx(alpha, abs=1e-4)
    assert found.beta == pytest.approx(beta, abs=1e-5)


def test_noise_leaves_the_parameters_within_their_intervals() -> None:
    found = [fitted(sweep(RETROGRADE, 10, seed), seed) for seed in range(12)]
    for name in ("gamma", "alpha", "beta"):
        true = getattr(RETROGRADE, name)
        intervals = [getattr(one, name) for one in found]
        assert sum(interval.low <= true <= interval.high for interval in intervals) >= 10, name
    assert np.median([one.law.beta for one in found]) == pytest.approx(0.005, rel=0.1)


def test_a_sweep_beyond_its_peak_claims_the_peak() -> None:
    found = fitted(sweep(RETROGRADE, 8, seed=2))
    assert found.peak is not None
    assert found.peak.interval.low <= RETROGRADE.peak_workers <= found.peak.interval.high
    assert RETROGRADE.peak_workers == pytest.approx(13.8, abs=0.05)
    assert not found.peak.beyond_sweep


def test_a_peak_that_only_the_law_foresees_is_said_to_lie_beyond_the_sweep() -> None:
    found = fitted(sweep(Law(1_000, 0.02, 0.002), 8, seed=3, noise=0.01))
    assert found.peak is not None
    assert found.peak.beyond_sweep
    assert found.peak.workers == pytest.approx(22.1, rel=0.1)


def test_throughput_that_only_levels_off_seldom_claims_a_peak() -> None:
    amdahl = Law(1_000, alpha=0.2, beta=0)
    claimed = sum(fitted(sweep(amdahl, 6, seed), seed).peak is not None for seed in range(12))
    assert claimed <= 1
    assert amdahl.peak_workers == inf


def test_fewer_than_six_rounds_give_a_law_without_interval_or_peak() -> None:
    found = fitted(sweep(RETROGRADE, 5, seed=4))
    assert found.law.alpha == pytest.approx(0.05, abs=0.03)
    assert (found.gamma, found.alpha, found.beta, found.peak) == (None, None, None, None)


def test_three_numbers_of_workers_are_too_few() -> None:
    assert scaling([{1: 900, 2: 1_700, 4: 3_000}] * 6, seed=1) is None


def test_a_round_without_one_of_its_trials_still_counts() -> None:
    rounds = sweep(RETROGRADE, 8, seed=5, noise=0.01)
    del rounds[3][8]
    assert fitted(rounds).law.beta == pytest.approx(0.005, rel=0.15)


def test_throughput_above_linear_is_fitted_with_no_contention() -> None:
    found = fitted([{workers: 1_000 * workers**1.1 for workers in SWEEP}]).law
    assert (found.alpha, found.beta) == (0, 0)


def test_throughput_that_falls_from_the_first_worker_on_peaks_at_one() -> None:
    found = fitted([{workers: 1_000 / workers for workers in SWEEP}]).law
    assert found.peak_workers == pytest.approx(1, abs=0.01)


def test_the_same_rounds_and_seed_give_the_same_intervals() -> None:
    rounds = sweep(RETROGRADE, 6, seed=6)
    assert fitted(rounds, 7) == fitted(rounds, 7)
