"""The median of a few trials, with an interval that assumes nothing of their distribution."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from math import comb


@dataclass(frozen=True, slots=True)
class MedianInterval:
    """A median between two of the observed values; `confidence` is the exact one, at least what was asked for."""

    median: float
    low: float | None
    high: float | None
    confidence: float | None


def median_interval(values: Sequence[float], confidence: float = 0.95) -> MedianInterval:
    """The narrowest pair of order statistics, equally far from both ends, that covers the median often enough.

    Exact binomial ranks: [x(l), x(n+1-l)] misses with 2 · P(Bin(n, ½) < l). Six values give [min, max], ten the ranks
    [2, 9]; fewer than six give none at 95 %. Source: H. A. David and H. N. Nagaraja, Order Statistics, 3rd ed., §7.1.
    """
    ordered = sorted(values)
    n = len(ordered)
    covered, missed = None, 0.0
    for rank in range(1, n // 2 + 1):
        missed += 2 * comb(n, rank - 1) / 2**n
        if 1 - missed < confidence:
            break
        covered = rank, 1 - missed
    middle = statistics.median(ordered)
    if covered is None:
        return MedianInterval(middle, None, None, None)
    rank, exact = covered
    return MedianInterval(middle, ordered[rank - 1], ordered[n - rank], exact)
