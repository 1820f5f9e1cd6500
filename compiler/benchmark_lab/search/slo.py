"""The highest rate at which objectives are kept: doubling, bisection and confirming restarts, one probe at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, inf, sqrt
from typing import Literal, Self

from benchmark_lab.judge import LOWER_BOUND_REASONS, OWN_FAULTS
from benchmark_lab.records import Trial

MOST_PROBES = 10
"""Of a search, its confirmations included: three to double, four to bisect a doubling to 4.4 %, three to confirm."""
CONFIRMATIONS = 3
RESOLUTION = 0.05
"""How far, relative to the last pass, the first fail may lie above it at the end."""

ProbeResult = Literal["pass", "fail", "bounded", "unusable"]
SearchEnd = Literal["bracketed", "probes-spent", "never-kept", "closed-loop-maximum", "bounded", "unusable"]


@dataclass(frozen=True, slots=True)
class LatencyObjective:
    """An upper limit of a percentile; the share of errors is limited by the verdict."""

    metric: str
    below: float


@dataclass(frozen=True, slots=True)
class NextRate:
    """Open load to measure next, with a freshly started server."""

    arrival_rate_rps: int


@dataclass(frozen=True, slots=True)
class Probed:
    """What a probe found."""

    arrival_rate_rps: int
    outcome: ProbeResult

    @classmethod
    def of(cls, arrival_rate_rps: int, trial: Trial, objectives: Sequence[LatencyObjective]) -> Self:
        """The outcome of a judged trial.

        Something else than the server at its limit bounds it, whatever followed from that. Too few samples for a
        percentile that an objective needs make it unusable. So does a drift of the throughput beside objectives that
        are kept: arrivals by chance drift, too.
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
    """Where the objectives stop being kept: `last_pass` was kept, `first_fail` was not, and nothing below it failed."""

    last_pass: int | None
    first_fail: int | None
    confirmations: int
    """Restarts of the server that passed again at the last pass."""
    end: SearchEnd

    @property
    def arrival_rate_rps(self) -> float | None:
        """The best single figure: the middle of the bracket on the log scale; of a lower bound, the last pass."""
        if self.last_pass is None or self.first_fail is None:
            return self.last_pass
        return sqrt(self.last_pass * self.first_fail)

    @property
    def lower_bound(self) -> bool:
        """Whether the server might keep its objectives at more than was, or could be, asked of it."""
        return self.first_fail is None or self.end == "bounded"


@dataclass(frozen=True, slots=True)
class _Bracket:
    """What the whole history says, so that noise can't turn it round: the lowest fail, and the highest pass below."""

    last_pass: int | None
    first_fail: int | None
    confirmations: int
    doubted: bool
    """Whether a rate both passed and failed: the boundary is near, and noise decides."""


def next_probe(history: Sequence[Probed], closed_loop_maximum_rps: float) -> NextRate | FoundRate:
    """The next rate of METHOD 19's search, from a quarter of the closed-loop maximum, or what the search has found.

    A confirmation that fails lowers the last pass; what is left of the budget then goes down in steps of 5 %. An
    unusable probe is repeated once. After a bounded one there is nothing left but to confirm.
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
    """The rate that narrows the bracket; None where it is narrow enough or can't be narrowed.

    Rates are bisected on the log scale, because it is the relative width that counts.
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
    """The lowest rate that the resolution does not tell from this one, though always a lower one."""
    return min(rate - 1, ceil(rate / (1 + RESOLUTION)))
