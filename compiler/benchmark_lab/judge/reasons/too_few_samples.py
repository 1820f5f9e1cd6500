"""The reason `too-few-samples` (METHOD 8)."""

from __future__ import annotations

from benchmark_lab.judge.case import Case
from benchmark_lab.judge.rule import reason


@reason("too-few-samples", rank=190, thresholds=("requests",))
def too_few_samples(case: Case) -> str | None:
    """The window has too few requests for its figures to mean something.

    Do: measure for longer. Where `lab` seeks the load, it does so itself.
    """
    if case.k6.requests >= case.thresholds.requests:
        return None
    return f"{case.k6.requests:,} requests, at least {case.thresholds.requests:,} are needed"
