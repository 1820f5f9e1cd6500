"""The warning `imbalanced-workers` (METHOD 13)."""

from __future__ import annotations

from statistics import fmean

from benchmark_lab.judge.case import Case
from benchmark_lab.judge.rule import warning

LEAST_CPU = 0.1
"""CPUs that the workers must use together before `lab` compares the workers' parts.

The parts of an idle server mean nothing.
"""


@warning("imbalanced-workers", rank=20, thresholds=("worker_imbalance",))
def imbalanced_workers(case: Case) -> str | None:
    """The busiest worker used much more CPU time than the workers' mean: keep-alive pins connections to workers.

    Do: use more virtual users, so that each worker gets its part.
    """
    workers = case.server.worker_cpu_s or ()
    if len(workers) < 2 or sum(workers) < LEAST_CPU * case.k6.window_taken_s:  # noqa: PLR2004  one has no others
        return None
    imbalance = max(workers) / fmean(workers)
    if imbalance <= case.thresholds.worker_imbalance:
        return None
    return f"the busiest of {len(workers)} workers used {imbalance:.1f} times as much CPU time as their mean"
