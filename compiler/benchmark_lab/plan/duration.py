"""How long a run takes at worst."""

from __future__ import annotations

from benchmark_lab.bundle import Load, Rounds

TRIAL_OVERHEAD_S = 3.0
"""Wall time of a trial outside warm-up and window: stop, reset, start, wait, read counters."""
SET_UP_S = 120.0
"""Allowance for bringing up hosts, building and checking implementations, and the clean-up."""


def worst_case_s(load: Load, rounds: Rounds, cells: int) -> float:
    """Return the seconds that all rounds of all cells take, with the set-up."""
    return SET_UP_S + rounds.max * cells * (load.warmup_s + load.measure_s + TRIAL_OVERHEAD_S)


def duration_words(seconds: float) -> str:
    """Write a duration for people, such as `5 min`, `1 h 20 min`, rounded up to minutes."""
    hours, minutes = divmod(int(-(-seconds // 60)), 60)
    return " ".join(f"{number} {unit}" for number, unit in ((hours, "h"), (minutes, "min")) if number)
