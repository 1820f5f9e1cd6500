"""Computes how long a run takes at worst."""

from __future__ import annotations

from collections.abc import Sequence

from benchmark_lab.bundle import Cell, LoadAsked, RoundCount, SoughtLoad
from benchmark_lab.loads import lead_s, search_window_s
from benchmark_lab.search import ladder, slo

TRIAL_OVERHEAD_S = 3.0
"""Seconds of a trial's wall time outside warm-up and window: stop, reset, start, wait, connect, read counters.

A trial takes 1.5 s of overhead where a machine has nothing else to do (`make bench-trial-cost`).
"""
SET_UP_S = 120.0
"""Seconds allowed for bringing up hosts, building and checking implementations, and the clean-up."""
_LOWEST_RATE_RPS = 1.0
"""Lowest requests a second that a search may come to.

An objective's percentile takes the longest window at the lowest rate.
"""


def worst_case_s(
    load: LoadAsked, rounds: RoundCount, cells: Sequence[Cell], *, lanes: int = 1, load_hosts: int = 1
) -> float:
    """Return the seconds that all probes and all rounds of all cells take, with the set-up.

    Lanes share the rounds out. Each lane finds the loads that depend on results on its own hosts.
    """
    of_a_lane = rounds.model_copy(update={"max": -(-rounds.max // lanes)})
    searched = sum(map(_is_searched, cells))
    trials = trials_of(of_a_lane, cells) + sum(_rungs(load, cell) for cell in cells)
    windows_s = trials * load.window_s
    if searched:
        windows_s += searched * slo.MOST_PROBES * search_window_s(load, _LOWEST_RATE_RPS)
    agreeing_s = 2 * lead_s(load_hosts) if load_hosts > 1 else 0.0
    beside_s = load.warmup_s + TRIAL_OVERHEAD_S + agreeing_s
    return SET_UP_S + windows_s + (trials + searched * slo.MOST_PROBES) * beside_s


def trials_of(rounds: RoundCount, cells: Sequence[Cell]) -> int:
    """Return the number of trials that measure, if every round is run."""
    return rounds.max * sum(not _is_searched(cell) for cell in cells)


def _rungs(load: LoadAsked, cell: Cell) -> int:
    """Return the number of trials that find a cell's capacity."""
    climbs = isinstance(cell.load, SoughtLoad) and cell.load.model in {"capacity", "slo-search"}
    return (len(load.vus) or ladder.MOST_PROBES) if climbs else 0


def _is_searched(cell: Cell) -> bool:
    return cell.load.model == "slo-search"


def duration_words(seconds: float) -> str:
    """Write a duration for people, such as `5 min`, `1 h 20 min`, rounded up to minutes."""
    hours, minutes = divmod(int(-(-seconds // 60)), 60)
    return " ".join(f"{number} {unit}" for number, unit in ((hours, "h"), (minutes, "min")) if number)
