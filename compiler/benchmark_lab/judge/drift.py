"""Measures how much a series changed over the window, along a line or at a step (METHOD 7).

The result also says how sure the change is.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from math import sqrt

FEWEST_INTERVALS = 8
"""Number of intervals below which a slope says nothing about steady state."""
DISTINGUISHABLE = 3.0
"""Standard errors that a change must have to be told from noise.

One in 60 steady series of ten intervals has such a change.
"""

FEWEST_INTERVALS_FOR_A_STEP = 20
SHORTEST_LEVEL = 5
"""Least number of intervals before and after a step: fewer are a pause, or the unrest at the window's ends."""
CUSUM_CRITICAL = 1.949
"""Critical value that the largest cusum of a steady series exceeds once in a thousand series.

The value is the one of Kolmogorov's distribution at 99.9 %.
"""


@dataclass(frozen=True, slots=True)
class Drift:
    """The change along the least-squares line over the window, and its standard error, as shares of the mean."""

    change: float
    standard_error: float

    @property
    def hidden(self) -> float:
        """Return the largest change that noise may pass for, as a share of the mean."""
        return DISTINGUISHABLE * self.standard_error

    def exceeds(self, limit: float) -> bool:
        """True if the change is larger than `limit` in either direction, and is not just noise."""
        return abs(self.change) > max(limit, self.hidden)


def drift_of(series: Sequence[float]) -> Drift | None:
    """Return the drift of a series with one value an interval.

    The drift is None if the series has fewer than FEWEST_INTERVALS values, or nothing but zeros.
    """
    n, mean = len(series), statistics.fmean(series) if series else 0.0
    if n < FEWEST_INTERVALS or mean <= 0:
        return None
    slope, intercept = statistics.linear_regression(range(n), series)
    residuals = [value - intercept - slope * at for at, value in enumerate(series)]
    variance = sum(residual**2 for residual in residuals) / (n - 2)
    spread = n * (n**2 - 1) / 12  # the sum of squares of 0 … n-1 about their mean
    return Drift(slope * n / mean, sqrt(variance / spread) * _widening(residuals) * n / mean)


@dataclass(frozen=True, slots=True)
class LevelShift:
    """A step of a series: from the interval `at` on, counted from 0, the series is higher by `change`.

    The change is a share of the series' mean.
    """

    at: int
    change: float


def level_shift_of(series: Sequence[float]) -> LevelShift | None:
    """Return the likeliest step of a series; None if the series has no step at all.

    The step is None, too, if the series has fewer than FEWEST_INTERVALS_FOR_A_STEP intervals. The likeliest step is
    where the cumulative sum about the mean is furthest from 0. The unit of the sum is the spread about the two levels.
    Source: E. S. Page, Continuous inspection schemes, Biometrika 41 (1954). The critical value is the one of the
    Brownian bridge.
    """
    n = len(series)
    if n < FEWEST_INTERVALS_FOR_A_STEP:
        return None
    mean = statistics.fmean(series)
    sums = [*accumulate((value - mean for value in series), initial=0.0)]
    at = max(range(SHORTEST_LEVEL, n - SHORTEST_LEVEL + 1), key=lambda start: abs(sums[start]))
    before, after = statistics.fmean(series[:at]), statistics.fmean(series[at:])
    residuals = [value - (before if number < at else after) for number, value in enumerate(series)]
    spread = sqrt(sum(residual**2 for residual in residuals) / (n - 2)) * _widening(residuals)
    return LevelShift(at, (after - before) / mean) if abs(sums[at]) > CUSUM_CRITICAL * spread * sqrt(n) else None


def _widening(residuals: Sequence[float]) -> float:
    """Return the factor by which a slope or a mean is less sure, where intervals resemble their neighbours.

    The factor is √((1+r)/(1-r)): r is the correlation of neighbouring intervals, without its bias.
    Sources: Bayley and Hammersley, J. R. Statist. Soc. Suppl. 8 (1946); M. G. Kendall, Biometrika 41 (1954).
    """
    n, squares = len(residuals), sum(residual**2 for residual in residuals)
    resemblance = sum(one * other for one, other in pairwise(residuals)) / squares if squares else 0.0
    correlation = min(max(resemblance + (1 + 4 * resemblance) / n, 0.0), 0.9)
    return sqrt((1 + correlation) / (1 - correlation))
