"""The reason `generator-failed`."""

from __future__ import annotations

from benchmark_lab.judge.case import Case
from benchmark_lab.judge.rule import reason


@reason("generator-failed", rank=70, needs="trial")
def generator_failed(case: Case) -> str | None:
    """k6 ended without figures, or the windows of several load hosts were not one window.

    Several load hosts agree on when to begin. Their windows are not one if a load host came late, or if two of them
    began more than 0.25 s apart.

    Do: read the trial's k6 log; often k6 ran out of memory. Where windows were apart, see that NTP sets the clocks of
    the load hosts, and that warm-ups end in time.
    """
    return case.k6.problem
