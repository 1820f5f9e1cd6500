"""The ratio of two sides' trials on the log scale, paired by round or not, and its intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, expm1, inf, log, sqrt

from benchmark_lab.statistics import students_t

FEWEST_ROUNDS = 6
"""Below this there is no interval: six is the least that carries a distribution-free 95 % claim (METHOD 3)."""

RESAMPLES = 9_999


@dataclass(frozen=True, slots=True)
class LogRatio:
    """The mean of ln(candidate / baseline) with its standard error, from `n` rounds (unpaired: the smaller side)."""

    mean: float
    standard_error: float
    degrees_of_freedom: float
    n: int

    @property
    def ratio(self) -> float:
        """The geometric mean of candidate / baseline."""
        return exp(self.mean)

    @property
    def deviation(self) -> float:
        """The spread of one round's log ratio."""
        return self.standard_error * sqrt(self.n)

    def interval(self, confidence: float = 0.95) -> tuple[float, float]:
        """Bounds of the ratio: exp(mean d ± t · s_d / √R) (METHOD 14)."""
        reach = students_t.quantile((1 + confidence) / 2, self.degrees_of_freedom) * self.standard_error
        return exp(self.mean - reach), exp(self.mean + reach)

    def half_width(self, confidence: float) -> float:
        """How far the interval reaches above the ratio, as a share of the ratio."""
        return expm1(students_t.quantile((1 + confidence) / 2, self.degrees_of_freedom) * self.standard_error)

    def p_value(self) -> float:
        """Two-sided, of the ratio being 1."""
        return students_t.two_sided_p(self.mean, self.standard_error, self.degrees_of_freedom)


def of_pairs(baseline: Sequence[float], candidate: Sequence[float]) -> LogRatio:
    """The paired ratio: both sides' values of the same rounds, in the same order; at least two rounds."""
    differences = [log(b / a) for a, b in zip(baseline, candidate, strict=True)]
    mean, variance = _moments(differences)
    n = len(differences)
    return LogRatio(mean, sqrt(variance / n), n - 1, n)


def of_runs(baseline: Sequence[float], candidate: Sequence[float]) -> LogRatio:
    """The unpaired ratio: Welch's t on the logarithms, with the degrees of freedom of Satterthwaite (1946).

    Source: B. L. Welch, The generalization of "Student's" problem, Biometrika 34 (1947).
    """
    (mean_a, variance_a), (mean_b, variance_b) = (_moments([log(y) for y in side]) for side in (baseline, candidate))
    share_a, share_b = variance_a / len(baseline), variance_b / len(candidate)
    squared_error = share_a + share_b
    uncertainty = share_a**2 / (len(baseline) - 1) + share_b**2 / (len(candidate) - 1)
    freedom = squared_error**2 / uncertainty if uncertainty else len(baseline) + len(candidate) - 2
    return LogRatio(mean_b - mean_a, sqrt(squared_error), freedom, min(len(baseline), len(candidate)))


def bootstrap_of_pairs(
    baseline: Sequence[float], candidate: Sequence[float], seed: int, confidence: float = 0.95
) -> tuple[float, float]:
    """The paired ratio's interval by BCa bootstrap, the cross-check of METHOD 14.

    It covers too seldom in few rounds, so it never decides. Source: B. Efron, Better bootstrap confidence intervals,
    JASA 82 (1987).
    """
    return _bootstrap([[log(b / a) for a, b in zip(baseline, candidate, strict=True)]], seed, confidence)


def bootstrap_of_runs(
    baseline: Sequence[float], candidate: Sequence[float], seed: int, confidence: float = 0.95
) -> tuple[float, float]:
    """The unpaired ratio's interval by BCa bootstrap of both sides."""
    return _bootstrap([[log(y) for y in candidate], [log(y) for y in baseline]], seed, confidence)


def _bootstrap(samples: list[list[float]], seed: int, confidence: float) -> tuple[float, float]:
    """The interval of the first sample's mean, less the second's where there is one, back from the log scale."""
    import numpy as np  # noqa: PLC0415  see students_t
    from scipy.stats import bootstrap  # noqa: PLC0415  likewise

    def difference_of_means(*sides: np.ndarray, axis: int) -> np.ndarray:
        means = [np.mean(side, axis=axis) for side in sides]
        return np.subtract(means[0], means[1]) if len(means) > 1 else np.asarray(means[0])

    if all(min(sample) == max(sample) for sample in samples):  # nothing to resample, and BCa divides by the spread
        point = samples[0][0] - sum(other[0] for other in samples[1:])
        return exp(point), exp(point)
    found = bootstrap(
        samples,
        difference_of_means,
        n_resamples=RESAMPLES,
        confidence_level=confidence,
        method="BCa",
        rng=np.random.default_rng(seed),
    ).confidence_interval
    return exp(found.low), exp(found.high)


def _moments(values: Sequence[float]) -> tuple[float, float]:
    """Mean and unbiased variance; equal values have none, whatever rounding makes of their mean."""
    mean = sum(values) / len(values)
    if min(values) == max(values):
        return values[0], 0.0
    return mean, sum((value - mean) ** 2 for value in values) / (len(values) - 1)


def settled(ratios: Sequence[LogRatio], half_width: float, confidence: float) -> bool:
    """Whether every ratio is known to within `half_width` at a look's `confidence` (METHOD 17)."""
    widest = max((ratio.half_width(confidence) for ratio in ratios), default=inf)
    return widest <= half_width
