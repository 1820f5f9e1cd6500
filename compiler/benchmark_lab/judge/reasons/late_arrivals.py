"""The reason `late-arrivals` (METHOD 10)."""

from __future__ import annotations

from benchmark_lab.judge.case import Case
from benchmark_lab.judge.rule import reason
from benchmark_lab.judge.surroundings import SHARED_HOST_FACTOR

LAG_SHARE = 0.1
"""Share of the p99 latency by which iterations may start late."""


@reason("late-arrivals", rank=150, needs="load", thresholds=("lag_ms",))
def late_arrivals(case: Case) -> str | None:
    """Open load: k6 started iterations late, so the server met other arrivals than were asked for.

    k6 counts a request's time from its start, so the latencies leave such a delay out (coordinated omission). One
    iteration in 100 may start `lag_ms` late or later, ten times that on a shared machine, or a tenth of the p99
    latency if that is more. The random wait of Poisson arrivals is no delay. `lab` tells from 1,000 iterations on, and
    only where k6 dropped none.

    Do: measure again, and give `load` CPUs that nobody else uses.
    """
    k6 = case.k6
    if k6.lag_p99_ms is None or k6.dropped_iterations or not k6.latency_quantiles_ms:
        return None
    tenfold = SHARED_HOST_FACTOR if case.shared_host else 1
    allowed_ms = max(tenfold * case.thresholds.lag_ms, LAG_SHARE * k6.latency_quantiles_ms[990])
    if k6.lag_p99_ms <= allowed_ms:
        return None
    return f"one iteration in 100 began {k6.lag_p99_ms:.1f} ms late or later, at most {allowed_ms:.1f} ms are allowed"
