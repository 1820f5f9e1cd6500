"""Student's t distribution; SciPy is loaded on first use, because it takes longer than most commands."""

from __future__ import annotations

from math import inf


def quantile(probability: float, degrees_of_freedom: float) -> float:
    """The value that t stays below with `probability`."""
    from scipy.special import stdtrit  # noqa: PLC0415  loading takes half a second; only comparisons need it

    return float(stdtrit(degrees_of_freedom, probability))


def two_sided_p(difference: float, standard_error: float, degrees_of_freedom: float) -> float:
    """The chance of a difference at least this far from 0 where there is none."""
    from scipy.special import stdtr  # noqa: PLC0415  see above

    if difference == 0:
        return 1.0
    statistic = abs(difference) / standard_error if standard_error else inf
    return 2 * float(stdtr(degrees_of_freedom, -statistic))
