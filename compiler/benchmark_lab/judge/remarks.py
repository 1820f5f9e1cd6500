"""What a reader of a trial should know although it does not make the trial invalid."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence

from benchmark_lab.judge.case import Case
from benchmark_lab.judge.codes import remark
from benchmark_lab.judge.drift import FEWEST_INTERVALS, drift_of
from benchmark_lab.judge.surroundings import crowded, stolen
from benchmark_lab.records import Reason

LEAST_CPU = 0.1
"""CPUs that the workers must have used together before their parts are compared: an idle server's mean nothing."""

MOST_HIDDEN = 0.2
"""Change over the window that may be taken for noise before a window counts as tested."""


def remarks_of(case: Case, reasons: Sequence[Reason]) -> Iterator[Reason]:
    """Every remark on a trial that has a window (METHOD 7, 9, 10 and 13), beside the reasons against it."""
    if not case.measured:
        return
    yield from _of_noise(case, reasons)
    workers = case.server.worker_cpu_s or ()
    if len(workers) > 1 and sum(workers) >= LEAST_CPU * case.k6.window_s:
        imbalance = max(workers) / statistics.fmean(workers)
        if imbalance > case.limits.worker_imbalance:
            yield remark(
                "imbalanced-workers",
                f"the busiest of {len(workers)} workers used {imbalance:.1f} times as much CPU time as their mean",
            )
    if case.database.checkpoints:
        yield remark("checkpoint", f"{case.database.checkpoints} checkpoint(s) of PostgreSQL began within the window")
    if all(found.code != "unstable" for found in reasons):
        yield from _untested(case)


def _of_noise(case: Case, reasons: Sequence[Reason]) -> Iterator[Reason]:
    """What only a shared machine is allowed."""
    if any(found.code == "host-noise" for found in reasons):
        return
    took = (stolen(case, case.limits.steal), case.limits.steal), (crowded(case), case.limits.others_cpu)
    if evidence := ", and ".join(f"{said}, more than {limit:.0%}" for said, limit in took if said):
        yield remark("host-noise", f"{evidence}, on a shared machine")


def _untested(case: Case) -> Iterator[Reason]:
    drift = drift_of(case.throughput_series_rps)
    if drift is None:
        seen = len(case.throughput_series_rps)
        yield remark("steady-state-untested", f"the window has {seen} intervals, a drift needs {FEWEST_INTERVALS}")
    elif drift.hidden > MOST_HIDDEN:
        evidence = f"the intervals differ so much that a drift of up to {drift.hidden:.0%} would not show"
        yield remark("steady-state-untested", evidence)
