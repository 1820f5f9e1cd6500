"""The reason `no-steady-state` (METHOD 7)."""

from __future__ import annotations

from benchmark_lab.judge.case import Case
from benchmark_lab.judge.drift import drift_of, level_shift_of
from benchmark_lab.judge.rule import reason

MOST_DILUTED = 0.2
"""Share of CPU time, transactions and the like that the wait for last responses may hide.

No limit shows beyond this share.
"""


@reason("no-steady-state", rank=180, thresholds=("drift",), own_fault=True)
def no_steady_state(case: Case) -> str | None:
    """The throughput had no steady state, or k6 waited too long for a last response.

    `lab` looks for three things. The throughput changed by more than `drift` along the line of least squares. A change
    under three times its standard error is noise; that error grows where intervals resemble their neighbours. The
    throughput changed by more than `drift` at a step, which takes 20 intervals, 5 or more of them on either side. Or k6
    waited so long for a last response after the planned window that the wait hides a fifth of what was counted.

    Do: warm up or measure for longer. If it stays, that is the result.
    """
    series, allowed = case.throughput_series_rps, case.thresholds.drift
    if (drift := drift_of(series)) and drift.exceeds(allowed):
        return (
            f"the throughput {'rose' if drift.change > 0 else 'fell'} by {abs(drift.change):.1%} over the window "
            f"(± {drift.hidden:.1%}), at most {allowed:.0%} are allowed"
        )
    if (step := level_shift_of(series)) and abs(step.change) > allowed:
        return (
            f"the throughput {'rose' if step.change > 0 else 'fell'} by {abs(step.change):.1%} at a step "
            f"{step.at * case.k6.series_interval_s:.0f} s into the window, at most {allowed:.0%} are allowed"
        )
    if case.diluted > MOST_DILUTED:
        return (
            f"the last answer came {case.k6.window_taken_s - case.sending_s:.1f} s after the planned window, which "
            f"hides {case.diluted:.0%} of what was counted over both, at most {MOST_DILUTED:.0%} are allowed"
        )
    return None
