"""Whether a window was in steady state, from its second-by-second throughput or latency."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from math import sqrt
from typing import Literal

LARGEST_CHANGE = 0.03
"""Of the level over the window, by drift or by a step, that a steady window may have (METHOD 7)."""
FEWEST_POINTS = 5
"""Below this there is no slope."""
FEWEST_POINTS_FOR_STEPS = 20
MOST_POINTS = 300
"""A longer series is averaged into blocks: a slope between all pairs of 3,600 points takes seconds."""
CUSUM_CRITICAL = 1.628
"""The largest cusum of a steady series exceeds it once in a hundred: Kolmogorov's distribution at 99 %."""


@dataclass(frozen=True, slots=True)
class Drift:
    """The change over the window along the slope, as a share of the level, with a 95 % interval."""

    change: float
    low: float
    high: float

    @property
    def matters(self) -> bool:
        """Whether it is large, and not just noise."""
        return abs(self.change) >= LARGEST_CHANGE and not self.low <= 0 <= self.high


@dataclass(frozen=True, slots=True)
class Step:
    """A change point: from the series' index `at` on, the mean is higher by `change`, a share of the mean before it."""

    at: int
    change: float


@dataclass(frozen=True, slots=True)
class Steadiness:
    """What was tested and found."""

    state: Literal["steady", "unsteady", "untested"]
    """`untested`: there is no drift, but too few points to tell a step."""
    drift: Drift | None
    step: Step | None


def steadiness(series: Sequence[float]) -> Steadiness:
    """Judge one value a second: steady is what has neither a drift nor a step of 3 % or more that noise can't explain.

    Of a long series the averages of equally many neighbours are tested, and its incomplete last ones are not.
    """
    width = -(-len(series) // MOST_POINTS) or 1
    points = [statistics.fmean(series[end - width : end]) for end in range(width, len(series) + 1, width)]
    if len(points) < FEWEST_POINTS or statistics.median(points) <= 0:
        return Steadiness("untested", None, None)
    tested = len(points) >= FEWEST_POINTS_FOR_STEPS
    drift, found = _drift(points), _step(points) if tested else None
    step = Step(found.at * width, found.change) if found else None
    if drift.matters or step:
        return Steadiness("unsteady", drift, step)
    return Steadiness("steady" if tested else "untested", drift, step)


def _drift(points: Sequence[float]) -> Drift:
    """Theil and Sen's slope times the window, over the median, its interval widened for correlated seconds.

    Source: P. K. Sen, Estimates of the regression coefficient based on Kendall's tau, JASA 63 (1968).
    """
    from scipy.stats import theilslopes  # noqa: PLC0415  loading takes half a second; only measuring needs it

    slope, intercept, low, high = (float(value) for value in theilslopes(points, alpha=0.95))
    wider = _widening([value - intercept - slope * at for at, value in enumerate(points)])
    window = len(points) / statistics.median(points)
    return Drift(slope * window, (slope - (slope - low) * wider) * window, (slope + (high - slope) * wider) * window)


def _step(points: Sequence[float]) -> Step | None:
    """The likeliest change point, where the cumulative sum about the mean is furthest from 0, if it is one at all.

    The sum is measured in the spread within the two segments, widened for correlated seconds. Source: E. S. Page,
    Continuous inspection schemes, Biometrika 41 (1954); the critical value is that of the Brownian bridge.
    """
    n, mean = len(points), statistics.fmean(points)
    sums = list(accumulate(value - mean for value in points))[:-1]
    at = max(range(1, n), key=lambda end: abs(sums[end - 1]))
    before, after = statistics.fmean(points[:at]), statistics.fmean(points[at:])
    residuals = [value - before for value in points[:at]] + [value - after for value in points[at:]]
    spread = sqrt(sum(residual**2 for residual in residuals) / (n - 2)) * _widening(residuals)
    significant = abs(sums[at - 1]) > CUSUM_CRITICAL * spread * sqrt(n)
    if significant and before > 0 and abs(after - before) >= LARGEST_CHANGE * before:
        return Step(at, after / before - 1)
    return None


def _widening(residuals: Sequence[float]) -> float:
    """How much less certain n correlated values leave a mean or a slope: √((1+r)/(1-r)) with their lag-1 correlation.

    Source: G. V. Bayley and J. M. Hammersley, The "effective" number of independent observations in an autocorrelated
    time series, J. R. Statist. Soc. Suppl. 8 (1946). A negative correlation narrows nothing. The sample's correlation
    is too low by about (1+4r)/n (M. G. Kendall, Note on bias in the estimation of autocorrelation, Biometrika 41).
    """
    products = sum(value * following for value, following in pairwise(residuals))
    squares = sum(value**2 for value in residuals)
    n, sample = len(residuals), products / squares if squares else 0
    correlation = min(max(sample + (1 + 4 * sample) / n, 0), 0.9)
    return sqrt((1 + correlation) / (1 - correlation))
