"""The reason `dropped-iterations` (METHOD 10)."""

from __future__ import annotations

from benchmark_lab.judge.case import Case
from benchmark_lab.judge.rule import reason


@reason("dropped-iterations", rank=160, needs="load", thresholds=("achieved",), own_fault=True)
def dropped_iterations(case: Case) -> str | None:
    """Open load: k6 had no free virtual user for an iteration and dropped it, or too few iterations completed.

    Do: ask for less. The server cannot do this rate.
    """
    # Against planned iterations, so that a window stretched by slow last responses changes nothing.
    k6, load, least = case.k6, case.load, case.thresholds.achieved
    offered = (load.arrival_rate_rps or 0.0) * load.window_s
    if load.model != "open" or not offered or not (k6.dropped_iterations or k6.iterations / offered < least):
        return None
    return (
        f"{k6.dropped_iterations:,} iterations were dropped, {k6.iterations:,} of {offered:,.0f} completed "
        f"({k6.iterations / offered:.1%}); none may be dropped and {least:.0%} must complete"
    )
