"""The reason `errors` (METHOD 10)."""

from __future__ import annotations

from benchmark_lab.judge.case import Case
from benchmark_lab.judge.rule import reason


@reason("errors", rank=170, needs="load", thresholds=("errors",), own_fault=True)
def errors(case: Case) -> str | None:
    """Too many requests failed, or none was completed.

    Do: read the kinds of failure in the evidence, then the server's log.
    """
    k6, allowed = case.k6, case.thresholds.errors
    if k6.requests == 0:
        return "no request was completed within the window"
    if k6.failed_requests / k6.requests <= allowed:
        return None
    kinds = sorted(k6.failures.items(), key=lambda kind: (-kind[1], kind[0]))
    return (
        f"{k6.failed_requests:,} of {k6.requests:,} requests failed ({k6.failed_requests / k6.requests:.2%}), "
        f"at most {allowed:.2%} may: " + (", ".join(f"{n:,} {kind}" for kind, n in kinds) or "kinds unknown")
    )
