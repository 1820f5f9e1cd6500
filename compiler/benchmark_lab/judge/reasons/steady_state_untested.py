"""The warning `steady-state-untested` (METHOD 7)."""

from __future__ import annotations

from benchmark_lab.judge.case import Case
from benchmark_lab.judge.drift import FEWEST_INTERVALS, drift_of
from benchmark_lab.judge.rule import warning

MOST_HIDDEN = 0.2
"""Share of the throughput up to which noise may pass for a change before the window counts as untested."""


@warning("steady-state-untested", rank=40, unless=("no-steady-state",))
def steady_state_untested(case: Case) -> str | None:
    """The window has fewer than 8 intervals, or they differ so much that a drift of 20 % would not show.

    Do: measure for at least 8 s, and for 20 s or more where the throughput is restless.
    """
    drift = drift_of(case.throughput_series_rps)
    if drift is None:
        return f"the window has {len(case.throughput_series_rps)} intervals, a drift needs {FEWEST_INTERVALS}"
    if drift.hidden <= MOST_HIDDEN:
        return None
    return f"the intervals differ so much that a drift of up to {drift.hidden:.0%} would not show"
