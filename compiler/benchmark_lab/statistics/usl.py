"""How throughput scales with workers: the Universal Scalability Law fitted to the rounds of a sweep."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf, sqrt
from typing import TYPE_CHECKING

from benchmark_lab.statistics import students_t
from benchmark_lab.statistics.ratio import FEWEST_ROUNDS

if TYPE_CHECKING:
    import numpy as np

FEWEST_LEVELS = 4
"""Numbers of workers: three parameters go through three points whatever they are."""
RESAMPLES = 1_999
MOST_STEPS = 20
CONVERGED = 1e-6
"""Relative change of the fitted throughputs in one step."""


@dataclass(frozen=True, slots=True)
class Law:
    """X(N) = gamma·N / (1 + alpha·(N-1) + beta·N·(N-1)).

    Source: N. J. Gunther, Guerrilla Capacity Planning, 2007.
    """

    gamma: float
    """Throughput of one worker, in the data's unit."""
    alpha: float
    """Contention: the share of the work that is serial."""
    beta: float
    """Coherence: what each pair of workers costs."""

    def throughput(self, workers: float) -> float:
        """Of this many workers."""
        return self.gamma * workers / (1 + self.alpha * (workers - 1) + self.beta * workers * (workers - 1))

    @property
    def peak_workers(self) -> float:
        """Where throughput is highest: √((1-alpha)/beta), but never below 1; infinite where throughput never falls."""
        return max(1.0, sqrt((1 - self.alpha) / self.beta)) if self.beta > 0 else inf


@dataclass(frozen=True, slots=True)
class Interval:
    """95 % bounds."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Peak:
    """The number of workers with the highest throughput."""

    workers: float
    interval: Interval
    beyond_sweep: bool
    """Whether it lies above every number that was measured: the law's word, not the sweep's."""


@dataclass(frozen=True, slots=True)
class UslFit:
    """The law that fits a sweep; without intervals, and so without a peak, where there are fewer than six rounds."""

    law: Law
    gamma: Interval | None
    alpha: Interval | None
    beta: Interval | None
    peak: Peak | None
    """None unless beta's interval excludes 0 (METHOD 18)."""


def scaling(rounds: Sequence[Mapping[int, float]], seed: int) -> UslFit | None:
    """Fit the law to rounds of throughput by number of workers; None where they can't tell its parameters.

    The intervals are bootstrapped over whole rounds, which keep the weather that their trials share, and lie a little
    further out than 2.5 % and 97.5 %, as few rounds demand. Source: T. C. Hesterberg, What teachers should know about
    the bootstrap, Am. Statistician 69 (2015).
    """
    import numpy as np  # noqa: PLC0415  see students_t
    from scipy.special import ndtr  # noqa: PLC0415  likewise

    levels = sorted({workers for measured in rounds for workers in measured})
    if len(levels) < FEWEST_LEVELS:
        return None
    logarithms = np.log([[measured.get(workers, np.nan) for workers in levels] for measured in rounds])
    law = _fitted(levels, logarithms)
    n = len(rounds)
    if n < FEWEST_ROUNDS or law is None:
        return UslFit(law, None, None, None, None) if law else None

    chance = np.random.default_rng(seed)
    # Few rounds give few different samples: six rounds 462, each fitted once.
    samples, times = np.unique(np.sort(chance.integers(n, size=(RESAMPLES, n))), axis=0, return_counts=True)
    resampled = ((_fitted(levels, logarithms[sample]), count) for sample, count in zip(samples, times, strict=True))
    laws = [found for found, count in resampled if found for _ in range(count)]
    tail = float(ndtr(-sqrt(n / (n - 1)) * students_t.quantile(0.975, n - 1)))
    gamma, alpha, beta, peak = (
        _interval(values, tail)
        for values in zip(*((found.gamma, found.alpha, found.beta, found.peak_workers) for found in laws), strict=True)
    )
    workers = law.peak_workers
    claimed = Peak(workers, peak, beyond_sweep=workers > levels[-1]) if beta.low > 0 else None
    return UslFit(law, gamma, alpha, beta, claimed)


def _fitted(levels: Sequence[int], logarithms: np.ndarray) -> Law | None:
    """The law nearest to the rounds' log throughputs, one column a level, in least squares.

    N/X is linear in parameters that are not negative, d + b·N + c·N·(N-1), with gamma = 1/(d+b), alpha = b·gamma and
    beta = c·gamma, so that alpha is at most 1. The first step solves this form, weighted for relative errors; further
    Gauss-Newton steps, each likewise of non-negative least squares, go on to that of the logarithms. For it the
    levels' means say all that the rounds do.
    """
    import numpy as np  # noqa: PLC0415  see students_t
    from scipy.optimize import nnls  # noqa: PLC0415  likewise

    counts = np.sum(~np.isnan(logarithms), axis=0)
    workers = np.array(levels, dtype=float)
    costs = np.log(workers) - np.nansum(logarithms, axis=0) / np.maximum(counts, 1)
    terms = np.stack([np.ones_like(workers), workers, workers * (workers - 1)], axis=1)
    weights, expected = np.sqrt(counts), costs
    for _ in range(MOST_STEPS):
        scaled = terms / np.exp(expected)[:, np.newaxis]
        found, _ = nnls(weights[:, np.newaxis] * scaled, weights * (1 + costs - expected))
        if found[0] + found[1] == 0:
            return None
        before, expected = expected, np.log(terms @ found)
        if np.max(np.abs(expected - before)) < CONVERGED:
            break
    constant, linear, quadratic = found.tolist()
    gamma = 1 / (constant + linear)
    return Law(gamma, linear * gamma, quadratic * gamma)


def _interval(values: Sequence[float], tail: float) -> Interval:
    ordered = sorted(values)
    outside = int(tail * len(ordered))
    return Interval(ordered[outside], ordered[-1 - outside])
