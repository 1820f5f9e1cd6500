"""The reason `warm-up-failed`."""

from __future__ import annotations

from benchmark_lab.judge.case import Case
from benchmark_lab.judge.rule import reason


@reason("warm-up-failed", rank=50, needs="trial")
def warm_up_failed(case: Case) -> str | None:
    """k6 failed in the warm-up, before the window.

    Do: read the trial's k6 log.
    """
    warmup = case.measurement.warmup
    return warmup.problem if warmup else None
