"""Finds the highest rate that keeps objectives: doubling, bisection and confirming restarts, one probe at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, inf, sqrt
from typing import Literal, Self

from benchmark_lab.judge import LOWER_BOUND_REASONS, OWN_FAULTS
from benchmark_lab.records import Trial

MOST_PROBES = 10
"""Most probes of a search, its confirmations included.

Three probes double, four probes bisect a doubling to 4.4 %, and three probes confirm.
"""
CONFIRMATIONS = 3
RESOLUTION = 0.05
"""Largest distance of the first fail above the last pass at the end, as a share of the last pass."""

ProbeResult = Literal["pass", "fail", "bounded", "unusable"]
SearchEnd = Literal["bracketed", "probes-spent", "never-kept", "closed-loop-maximum", "bounded", "unusable"]


@dataclass(frozen=True, slots=True)
class LatencyObjective:
    """An upper limit of a percentile; the verdict limits the share of errors."""

    metric: str
    below: float


@dataclass(frozen=True, slots=True)
class NextRate:
    """The open load to measure next, with a freshly started server."""

    arrival_rate_rps: int


@dataclass(frozen=True, slots=True)
class Probed:
    """The result of one probe of a search."""

    arrival_rate_rps: int
    outcome: ProbeResult

    @classmethod
    def of(cls, arrival_rate_rps: int, trial: Trial, objectives: Sequence[LatencyObjective]) -> Self:
        """Return the result of a probe from its judged trial.

        A probe is bounded if something else than the server was at its limit, whatever followed from the limit. A probe
        is unusable if a percentile that an objective needs has too few samples. A probe is unusable, too, if the
        throughput drifts although the objectives are kept: arrivals by chance drift as well.
        """
        codes = {reason.code for reason in trial.reasons}
        if not codes <= OWN_FAULTS | LOWER_BOUND_REASONS.keys():
            return cls(arrival_rate_rps, "unusable")
        if codes & LOWER_BOUND_REASONS.keys():
            return cls(arrival_rate_rps, "bounded")
        values: list[float | None] = [getattr(trial, objective.metric) for objective in objectives]
        broken = (
            value is not None and value >= objective.below for value, objective in zip(values, objectives, strict=True)
        )
        if codes - {"no-steady-state"} or any(broken):
            return cls(arrival_rate_rps, "fail")
        return cls(arrival_rate_rps, "unusable" if codes or None in values else "pass")


@dataclass(frozen=True, slots=True)
class FoundRate:
    """The rate at which the objectives stop being kept.

    The server kept the objectives at `last_pass` and did not keep the objectives at `first_fail`. No rate below
    `first_fail` failed.
    """

    last_pass: int | None
    first_fail: int | None
    confirmations: int
    """Number of restarts of the server that passed again at the last pass."""
    end: SearchEnd

    @property
    def arrival_rate_rps(self) -> float | None:
        """Return the best single rate: the middle of the bracket on the log scale, or a lower bound's last pass."""
        if self.last_pass is None or self.first_fail is None:
            return self.last_pass
        return sqrt(self.last_pass * self.first_fail)

    @property
    def lower_bound(self) -> bool:
        """True if the server might keep its objectives at a higher rate than `lab` asked, or could ask, of it."""
        return self.first_fail is None or self.end == "bounded"


@dataclass(frozen=True, slots=True)
class _Bracket:
    """The bracket of the whole history: the lowest fail, and the highest pass below the lowest fail.

    The bracket is of the whole history, so that noise can't turn the bracket round.
    """

    last_pass: int | None
    first_fail: int | None
    confirmations: int
    doubted: bool
    """True if a rate both passed and failed: the boundary is near, and noise decides."""


def next_probe(history: Sequence[Probed], closed_loop_maximum_rps: float) -> NextRate | FoundRate:
    """Return the next rate of METHOD 19's search, or what the search has found.

    The search starts at a quarter of the closed-loop maximum. A confirmation that fails lowers the last pass. The rest
    of the budget then goes down in steps of 5 %. An unusable probe is repeated once. After a bounded probe, nothing is
    left but to confirm.
    """
    bracket, left = _bracket(history), MOST_PROBES - len(history)
    if left and history and history[-1].outcome == "unusable":
        if history[-2:-1] == [history[-1]]:
            return FoundRate(bracket.last_pass, bracket.first_fail, bracket.confirmations, "unusable")
        return NextRate(history[-1].arrival_rate_rps)

    bounded = min((probed.arrival_rate_rps for probed in history if probed.outcome == "bounded"), default=None)
    rate = _next_rate(bracket, max(1, int(closed_loop_maximum_rps))) if bounded is None else None
    last_pass = bracket.last_pass
    if rate is not None and left and (last_pass is None or bracket.doubted or left > CONFIRMATIONS):
        return NextRate(rate)
    if last_pass is not None and left and bracket.confirmations < CONFIRMATIONS and (bounded or inf) > last_pass:
        return NextRate(last_pass)

    end: SearchEnd
    if bounded:
        end = "bounded"
    elif last_pass is None:
        end = "never-kept"
    elif bracket.first_fail is None:
        end = "closed-loop-maximum"
    else:
        end = "probes-spent" if rate else "bracketed"
    return FoundRate(last_pass, bracket.first_fail, bracket.confirmations, end)


def _bracket(history: Sequence[Probed]) -> _Bracket:
    fails = {probed.arrival_rate_rps for probed in history if probed.outcome == "fail"}
    passes = [probed.arrival_rate_rps for probed in history if probed.outcome == "pass"]
    first_fail = min(fails, default=None)
    below = [rate for rate in passes if first_fail is None or rate < first_fail]
    last_pass = max(below, default=None)
    confirmations = below.count(last_pass) - 1 if last_pass is not None else 0
    return _Bracket(last_pass, first_fail, confirmations, doubted=not fails.isdisjoint(passes))


def _next_rate(bracket: _Bracket, highest: int) -> int | None:
    """Return the rate that narrows the bracket; None where the bracket is narrow enough or can't be narrowed.

    Rates are bisected on the log scale, because the relative width counts.
    """
    match bracket.last_pass, bracket.first_fail:
        case None, None:
            return -(-highest // 4)
        case int(kept), None:
            return min(kept * 2, highest) if kept < highest else None
        case None, int(broken):
            return (_step_down(broken) if bracket.doubted else broken // 2) or None
        case int(kept), int(broken) if broken - kept > max(1, RESOLUTION * kept):
            return _step_down(broken) if bracket.doubted else round(sqrt(kept * broken))
        case _:
            return None


def _step_down(rate: int) -> int:
    """Return the lowest rate that the resolution does not tell from the given rate, though always a lower rate."""
    return min(rate - 1, ceil(rate / (1 + RESOLUTION)))
