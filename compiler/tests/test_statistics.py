"""The estimators against published figures, independent implementations and simulated truth."""

from __future__ import annotations

from math import exp, log, log1p

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from benchmark_lab.statistics.decision import holm, outcome, rounds_needed, smallest_detectable
from benchmark_lab.statistics.median import median_interval
from benchmark_lab.statistics.ratio import (
    LogRatio,
    bootstrap_of_pairs,
    bootstrap_of_runs,
    of_pairs,
    of_runs,
    settled,
)

BASELINE = (412.0, 430.5, 401.2, 455.0, 420.3, 418.8, 409.9, 441.7)
CANDIDATE = (371.1, 392.8, 360.0, 401.5, 380.2, 377.7, 369.0, 390.1)


def answer(ratio: LogRatio, margin: float = 0.03) -> str:
    return outcome(ratio, ratio.p_value(), margin)


def simulated(ratio: float, deviation: float, rounds: int, seed: int) -> LogRatio:
    """Rounds whose log ratios have this spread, on a drift that both sides share."""
    chance = np.random.default_rng(seed)
    weather = chance.normal(0, 0.3, rounds)
    each = deviation / 2**0.5
    baseline = np.exp(weather + chance.normal(0, each, rounds))
    candidate = ratio * np.exp(weather + chance.normal(0, each, rounds))
    return of_pairs(baseline.tolist(), candidate.tolist())


def test_the_paired_interval_is_the_t_interval_of_the_log_ratios() -> None:
    found = of_pairs(BASELINE, CANDIDATE)
    reference = stats.ttest_rel(np.log(CANDIDATE), np.log(BASELINE))
    low, high = reference.confidence_interval(0.95)
    assert found.interval() == pytest.approx((exp(low), exp(high)))
    assert found.p_value() == pytest.approx(reference.pvalue)
    assert found.ratio == pytest.approx(stats.gmean(CANDIDATE) / stats.gmean(BASELINE))


def test_the_unpaired_interval_is_welchs_on_the_logarithms() -> None:
    found = of_runs(BASELINE, CANDIDATE[:6])
    reference = stats.ttest_ind(np.log(CANDIDATE[:6]), np.log(BASELINE), equal_var=False)
    low, high = reference.confidence_interval(0.95)
    assert found.interval() == pytest.approx((exp(low), exp(high)))
    assert found.p_value() == pytest.approx(reference.pvalue)
    assert found.n == 6


def test_the_paired_interval_covers_the_truth_at_its_level() -> None:
    covered = sum(
        low <= 0.9 <= high for seed in range(2_000) for low, high in [simulated(0.9, 0.05, 6, seed).interval()]
    )
    assert 0.935 <= covered / 2_000 <= 0.965  # 95 % and three standard errors


def test_sides_that_do_not_differ_are_seldom_told_apart() -> None:
    false_claims = sum(answer(simulated(1, 0.05, 10, seed)) in {"higher", "lower"} for seed in range(1_000))
    assert false_claims <= 65


def test_sides_that_differ_by_the_margin_are_seldom_equivalent() -> None:
    false_claims = sum(answer(simulated(1.03, 0.02, 10, seed)) == "equivalent" for seed in range(1_000))
    assert false_claims <= 65


def test_the_rounds_needed_do_settle_a_difference_of_the_margin_with_the_promised_power() -> None:
    pilot = LogRatio(mean=0.0, standard_error=0.05 / 6**0.5, degrees_of_freedom=5, n=6)
    rounds = rounds_needed(pilot)
    settled_by = sum(answer(simulated(1.03, 0.05, rounds, seed)) == "higher" for seed in range(500))
    assert 0.74 <= settled_by / 500 <= 0.88


def test_the_rounds_needed_are_those_of_the_formula() -> None:
    pilot = LogRatio(mean=0.001, standard_error=0.05 / 6**0.5, degrees_of_freedom=5, n=6)
    rounds = rounds_needed(pilot, 0.03)
    t = stats.t(rounds - 1)
    assert rounds - 1 < ((t.ppf(0.975) + t.ppf(0.8)) * 0.05 / log1p(0.03)) ** 2 <= rounds
    assert rounds == 25  # about 23 in the limit of the normal distribution


def test_rounds_needed_are_always_more_than_there_are() -> None:
    half_way = LogRatio(mean=log(1.016), standard_error=0.01, degrees_of_freedom=39, n=40)
    assert answer(half_way) == "inconclusive"
    assert 40 < rounds_needed(half_way) < 400


def test_the_smallest_detectable_effect_is_found_four_times_in_five() -> None:
    effect = smallest_detectable(LogRatio(mean=0, standard_error=0.04 / 10**0.5, degrees_of_freedom=9, n=10))
    found = sum(simulated(1 + effect, 0.04, 10, seed).p_value() <= 0.05 for seed in range(500))
    assert 0.74 <= found / 500 <= 0.88


@pytest.mark.parametrize(
    ("ratio", "deviation", "rounds", "expected"),
    [
        (0.80, 0.02, 6, "lower"),
        (1.25, 0.02, 6, "higher"),
        (1.00, 0.01, 10, "equivalent"),
        (1.01, 0.10, 10, "inconclusive"),
        (0.50, 0.01, 5, "no interval"),
    ],
)
def test_the_answer_is_one_of_five(ratio: float, deviation: float, rounds: int, expected: str) -> None:
    assert answer(simulated(ratio, deviation, rounds, seed=7)) == expected


def test_a_small_but_certain_difference_within_the_margin_is_equivalent() -> None:
    certain = LogRatio(mean=log(1.01), standard_error=0.001, degrees_of_freedom=9, n=10)
    assert certain.p_value() < 0.001
    assert answer(certain) == "equivalent"


def test_equal_values_have_a_ratio_of_one_and_no_width() -> None:
    same = of_pairs(BASELINE, BASELINE)
    assert same.interval() == (1, 1)
    assert same.p_value() == 1
    assert answer(same) == "equivalent"
    assert bootstrap_of_pairs(BASELINE, BASELINE, seed=1) == (1, 1)


def test_the_bootstrap_agrees_with_the_t_interval_on_well_behaved_rounds() -> None:
    found = of_pairs(BASELINE, CANDIDATE).interval()
    assert bootstrap_of_pairs(BASELINE, CANDIDATE, seed=1) == pytest.approx(found, abs=0.01)
    assert bootstrap_of_pairs(BASELINE, CANDIDATE, seed=1) == bootstrap_of_pairs(BASELINE, CANDIDATE, seed=1)
    unpaired = of_runs(BASELINE, CANDIDATE).interval()
    assert bootstrap_of_runs(BASELINE, CANDIDATE, seed=1) == pytest.approx(unpaired, abs=0.02)


@pytest.mark.parametrize(
    ("n", "low", "high", "confidence"),
    [
        (6, 1, 6, 0.969),
        (8, 1, 8, 0.992),
        (10, 2, 9, 0.979),
        (15, 4, 12, 0.965),
        (20, 6, 15, 0.959),
        (30, 10, 21, 0.957),
    ],
)
def test_the_medians_interval_has_the_exact_binomial_ranks(n: int, low: int, high: int, confidence: float) -> None:
    found = median_interval([float(rank) for rank in range(n, 0, -1)])
    assert (found.low, found.high) == (low, high)
    assert found.confidence == pytest.approx(confidence, abs=0.0006)


@settings(deadline=None)  # a busy machine is no bug
@given(st.lists(st.floats(1e-3, 1e6), min_size=1, max_size=5))
def test_five_trials_or_fewer_give_a_median_without_interval(values: list[float]) -> None:
    found = median_interval(values)
    assert min(values) <= found.median <= max(values)
    assert found.low is found.high is found.confidence is None


def test_the_medians_interval_covers_the_median_of_a_skewed_distribution() -> None:
    chance = np.random.default_rng(3)
    intervals = [median_interval(chance.exponential(1, 10).tolist()) for _ in range(2_000)]
    covered = sum(found.low <= log(2) <= found.high for found in intervals if found.low and found.high)
    assert covered / 2_000 >= 0.965


@settings(deadline=None)  # a busy machine is no bug
@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_never_lowers_a_p_value_and_keeps_their_order(p_values: list[float]) -> None:
    adjusted = holm(p_values)
    assert all(before <= after <= 1 for before, after in zip(p_values, adjusted, strict=True))
    by_p = [after for _, after in sorted(zip(p_values, adjusted, strict=True))]
    assert by_p == sorted(by_p)


def test_holm_on_a_worked_example() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])


@settings(deadline=None)  # a busy machine is no bug
@given(
    st.lists(st.tuples(st.floats(1e-2, 1e4), st.floats(1e-2, 1e4)), min_size=6, max_size=12),
    st.floats(0.01, 100),
)
def test_units_do_not_matter_and_swapped_sides_give_the_inverse(
    pairs: list[tuple[float, float]], factor: float
) -> None:
    baseline, candidate = [a for a, _ in pairs], [b for _, b in pairs]
    found = of_pairs(baseline, candidate)
    scaled = of_pairs([a * factor for a in baseline], [b * factor for b in candidate])
    swapped = of_pairs(candidate, baseline)
    assert scaled.mean == pytest.approx(found.mean, abs=1e-9)
    assert swapped.mean == pytest.approx(-found.mean, abs=1e-9)
    assert swapped.standard_error == pytest.approx(found.standard_error, abs=1e-9)


def test_a_run_is_settled_when_its_widest_ratio_is() -> None:
    narrow = LogRatio(mean=0.5, standard_error=0.005, degrees_of_freedom=9, n=10)
    wide = LogRatio(mean=0.5, standard_error=0.02, degrees_of_freedom=9, n=10)
    assert settled([narrow], 0.03, 0.99)
    assert not settled([narrow, wide], 0.03, 0.99)
    assert not settled([], 0.03, 0.99)
