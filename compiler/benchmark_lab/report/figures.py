"""Writes numbers as people read numbers: as many digits as a handful of trials carries."""

from __future__ import annotations

from collections.abc import Callable

NONE = "\N{EN DASH}"
"""Sign that stands where there is no figure."""


def figure(value: float | None) -> str:
    """Write a figure with about three digits: `9,120`, `41.5`, `1.23`, `0.0312`."""
    if value is None:
        return NONE
    if abs(value) >= 99.95:  # noqa: PLR2004  from here on decimals are noise
        return f"{value:,.0f}"
    return f"{value:#.3g}" if value else "0"


def ratio(value: float | None) -> str:
    """Write a ratio: three decimals if it lies close to 1, `0.312`, `1.008`, else about three digits, `12.4`."""
    if value is None:
        return NONE
    return f"{value:.3f}" if 0.1 <= value < 10 else figure(value)  # noqa: PLR2004  one digit before the point


def interval(low: float | None, high: float | None, words: Callable[[float], str] = figure) -> str:
    """Write an interval of figures, or of values that `words` writes: `401 to 433`."""
    return NONE if low is None or high is None else f"{words(low)} to {words(high)}"


def ratio_interval(low: float | None, high: float | None) -> str:
    """Write an interval of ratios: `0.290 to 0.331`."""
    return NONE if low is None or high is None else f"{ratio(low)} to {ratio(high)}"


def percent(share: float) -> str:
    """Write a share with two digits: `3 %`, `0.12 %`."""
    if 0 < share < 0.0001:  # noqa: PLR2004  below what two digits without an exponent show
        return "< 0.01 %"
    return f"{share * 100:.2g} %" if share < 0.1 else f"{share * 100:.0f} %"  # noqa: PLR2004  two digits from there on


def counted(number: int, noun: str) -> str:
    """Write a number with its noun: `1 round`, `6 rounds`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def tally(counts: dict[str, int]) -> str:
    """Write counts by name: `errors 2, dropped-iterations 1`."""
    return ", ".join(f"{name} {count}" for name, count in counts.items())
