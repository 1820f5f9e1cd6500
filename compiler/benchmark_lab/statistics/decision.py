"""What a ratio's interval answers, how many rounds would answer it, and the corrections for many comparisons."""

from __future__ import annotations

from collections.abc import Sequence
from math import expm1, log1p
from typing import Literal

from benchmark_lab.statistics import students_t
from benchmark_lab.statistics.ratio import FEWEST_ROUNDS, LogRatio

MARGIN = 0.03
"""Differences within it are of no practical weight (METHOD 14)."""

ERROR = 0.05
POWER = 0.8

Outcome = Literal["higher", "lower", "equivalent", "inconclusive", "no interval"]


def outcome(ratio: LogRatio, p_value: float, margin: float = MARGIN) -> Outcome:
    """One of METHOD 15's answers about candidate / baseline, given the p value after correction for many comparisons.

    Equivalence is asked first, by two one-sided tests at 5 %: the 90 % interval lies within the margin
    (D. J. Schuirmann, J. Pharmacokinet. Biopharm. 15, 1987). Else the ratio is higher or lower where it differs from 1
    at 5 %: the question that `rounds_needed` and `smallest_detectable` speak of. Below six rounds nothing is answered.
    """
    if ratio.n < FEWEST_ROUNDS:
        return "no interval"
    low, high = ratio.interval(1 - 2 * ERROR)
    if 1 / (1 + margin) < low and high < 1 + margin:
        return "equivalent"
    if p_value <= ERROR:
        return "higher" if ratio.mean > 0 else "lower"
    return "inconclusive"


def rounds_needed(ratio: LogRatio, margin: float = MARGIN, comparisons: int = 1) -> int:
    """Rounds that would settle an inconclusive comparison with 80 % power, if the spread stays what it is.

    METHOD 15: N = ⌈((t.975 + t.80) · s_d / ln(1+m))²⌉, with t at N rounds. A comparison with that many already has its
    ratio about half-way into the margin, or lost to the correction for `comparisons`: then the observed ratio counts,
    and the nearer of the two answers, different from 1 or within the margin.
    """
    needed = _rounds(ratio.deviation, log1p(margin), ERROR / 2)
    if needed > ratio.n:
        return needed
    distance = abs(ratio.mean)
    to_differ = _rounds(ratio.deviation, distance, ERROR / 2 / comparisons)
    to_be_equivalent = _rounds(ratio.deviation, log1p(margin) - distance, ERROR)
    return max(ratio.n + 1, min(to_differ, to_be_equivalent))


def _rounds(deviation: float, distance: float, tail: float) -> int:
    """The smallest number of rounds, beyond reach at a million, whose standard error resolves `distance`."""
    fewest, most = FEWEST_ROUNDS, 1_000_000
    if distance <= 0:
        return most
    while fewest < most:
        middle = (fewest + most) // 2
        reach = students_t.quantile(1 - tail, middle - 1) + students_t.quantile(POWER, middle - 1)
        if (reach * deviation / distance) ** 2 <= middle:
            most = middle
        else:
            fewest = middle + 1
    return most


def smallest_detectable(ratio: LogRatio) -> float:
    """The relative difference that these rounds would find with 80 % power: exp((t.975 + t.80) · s_d / √R) - 1."""
    freedom = ratio.degrees_of_freedom
    reach = students_t.quantile(1 - ERROR / 2, freedom) + students_t.quantile(POWER, freedom)
    return expm1(reach * ratio.standard_error)


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjusted p values, in the same order, that keep the chance of any false claim at the level.

    Source: S. Holm, A simple sequentially rejective multiple test procedure, Scand. J. Statist. 6 (1979).
    """
    adjusted = [0.0] * len(p_values)
    running = 0.0
    for rank, index in enumerate(sorted(range(len(p_values)), key=lambda i: p_values[i])):
        running = max(running, min(1.0, (len(p_values) - rank) * p_values[index]))
        adjusted[index] = running
    return adjusted
