"""What a reader of a trial should know although it does not make the trial invalid."""

from __future__ import annotations

import statistics
from collections.abc import Iterator

from benchmark_lab.run import Reason
from benchmark_lab.verdict.case import Case
from benchmark_lab.verdict.codes import remark
from benchmark_lab.verdict.drift import FEWEST_INTERVALS, drift_of
from benchmark_lab.verdict.surroundings import steal_limit, stolen

LEAST_CPU = 0.1
"""CPUs that the workers must have used together before their parts are compared: an idle server's mean nothing."""


def remarks_of(case: Case) -> Iterator[Reason]:
    """Every remark on a trial that has a window (METHOD 7, 9, 10 and 13)."""
    if not case.measured:
        return
    if not stolen(case, steal_limit(case)) and (evidence := stolen(case, case.limits.steal)):
        yield remark("host-noise", f"{evidence}, more than {case.limits.steal:.0%}, on a shared machine")
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
    if drift_of(case.k6.throughput_series_rps) is None:
        seen = len(case.k6.throughput_series_rps)
        yield remark("steady-state-untested", f"the window has {seen} intervals, a drift needs {FEWEST_INTERVALS}")
