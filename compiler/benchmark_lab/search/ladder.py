"""Finds the capacity of a server: the best throughput of a ladder of virtual users, one rung at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Self

from benchmark_lab.judge import is_bounded
from benchmark_lab.records import SERVER_BOTTLENECKS, Trial

LadderEnd = Literal["levelled-off", "ladder-end", "bounded", "unusable"]

START_VUS = 8
MOST_PROBES = 8
"""Most probes of a ladder that doubles: from 8 to 1,024 virtual users."""
LEAST_GAIN = 0.03
"""Least gain in throughput, as a share: a rung that brings less has found the capacity (METHOD 5)."""


@dataclass(frozen=True, slots=True)
class NextUsers:
    """The closed load to measure next."""

    vus: int


@dataclass(frozen=True, slots=True)
class Rung:
    """The result of one probe of a ladder.

    The throughput is a lower bound where something else than the server bounded the throughput.
    """

    vus: int
    outcome: Literal["valid", "bounded", "held-back", "unusable"]
    """Outcome of the probe.

    A rung is held back by nothing but k6's own time between two requests, or by too few requests. More virtual users
    help a rung that is held back.
    """
    throughput_rps: float | None
    own: bool = True
    """True if the server itself limited a valid rung (METHOD 12)."""

    @classmethod
    def of(cls, vus: int, trial: Trial) -> Self:
        """Return the rung of a judged trial; the throughput counts where the rung is valid, bounded or held back."""
        codes = {reason.code for reason in trial.reasons}
        if trial.throughput_rps is not None and trial.verdict == "valid":
            return cls(vus, "valid", trial.throughput_rps, own=trial.bottleneck in SERVER_BOTTLENECKS)
        if trial.throughput_rps and "too-few-samples" in codes <= {"too-few-samples", "littles-law"}:
            return cls(vus, "held-back", trial.throughput_rps)
        if trial.throughput_rps is not None and is_bounded(trial):
            alone = codes == {"littles-law"}
            too_few = trial.throughput_rps * (trial.latency_mean_ms or 0.0) / 1000 < vus
            return cls(vus, "held-back" if alone and too_few else "bounded", trial.throughput_rps)
        return cls(vus, "unusable", None)


@dataclass(frozen=True, slots=True)
class Capacity:
    """The best rung of a ladder.

    Among rungs of equal throughput, the rung with the fewest virtual users is the best. Where no rung was usable, there
    are no figures.
    """

    throughput_rps: float | None
    vus: int | None
    end: LadderEnd
    """Reason why the capacity is no higher.

    `bounded`: something else than the server may have limited the throughput. `ladder-end`: the throughput still grew.
    """

    @property
    def lower_bound(self) -> bool:
        """True if more virtual users, or a faster generator, database or network, could have found more throughput."""
        return self.end != "levelled-off"


def next_probe(history: Sequence[Rung], steps: Sequence[int] = (), start: int = START_VUS) -> NextUsers | Capacity:
    """Return the next rung of a ladder, or the capacity that the ladder has found.

    The rungs are `steps` in ascending order. Without steps, a rung has twice the virtual users of the last rung, until
    the gain is under 3 %.

    An unusable rung is probed again once. A rung that is unusable twice, or bounded, ends the ladder. A rung that is
    held back does not end the ladder, but leaves a lower bound if no rung follows. A ladder that levelled off for
    another reason than the server leaves a lower bound, too.
    """
    if not history:
        return NextUsers(min(steps, default=start))
    last, levelled_off = history[-1], _levelled_off(history)
    climbs = last.outcome in {"valid", "held-back"}
    following: int | None = None
    if last.outcome == "unusable":
        following = last.vus if history[-2:-1] != [last] else None
    elif climbs and steps:
        following = min((vus for vus in steps if vus > last.vus), default=None)
    elif climbs and not levelled_off:
        following = last.vus * 2
    if following is not None and (steps or len(history) < MOST_PROBES):
        return NextUsers(following)
    match last.outcome:
        case "valid" | "held-back" | "unusable" if levelled_off:
            return _capacity(history, "levelled-off" if _is_own(history) else "bounded")
        case "bounded" | "held-back":
            return _capacity(history, "bounded")
        case "valid":
            return _capacity(history, "ladder-end")
        case "unusable":
            return _capacity(history, "unusable")


def _levelled_off(history: Sequence[Rung]) -> bool:
    """True if the last usable rung brought under 3 % more throughput than the best rung before it."""
    usable = [rung.throughput_rps for rung in _best_known(history) if rung.throughput_rps is not None]
    return len(usable) > 1 and usable[-1] < max(usable[:-1]) * (1 + LEAST_GAIN)


def _is_own(history: Sequence[Rung]) -> bool:
    """True if the server itself limited the best rung, or a rung that the best rung exceeds by less than 3 %."""
    best = max(rung.throughput_rps or 0.0 for rung in _best_known(history))
    own = (rung.throughput_rps or 0.0 for rung in history if rung.outcome == "valid" and rung.own)
    return any(best < throughput_rps * (1 + LEAST_GAIN) for throughput_rps in own)


def _best_known(history: Sequence[Rung]) -> Sequence[Rung]:
    """Return the usable rungs that k6 did not hold back; all rungs where there is no such rung.

    A rung that k6 held back measures no capacity.
    """
    return [rung for rung in history if rung.outcome not in {"held-back", "unusable"}] or history


def _capacity(history: Sequence[Rung], end: LadderEnd) -> Capacity:
    usable = [(rung.throughput_rps, -rung.vus) for rung in _best_known(history) if rung.throughput_rps is not None]
    if not usable:
        return Capacity(None, None, end)
    throughput_rps, fewest = max(usable)
    return Capacity(throughput_rps, -fewest, end)
