"""The reason `upstream-limited`: METHOD 11 has the same rule for the database."""

from __future__ import annotations

from benchmark_lab.judge.case import Case
from benchmark_lab.judge.rule import reason


@reason("upstream-limited", rank=140, thresholds=("upstream_cpu",), bound="upstream")
def upstream_limited(case: Case) -> str | None:
    """The upstream's CPUs were near their end.

    Do: give `upstream` more CPUs, or ask for less.
    """
    allowed = case.thresholds.upstream_cpu
    if case.upstream_cpu <= allowed:
        return None
    return f"the upstream used {case.upstream_cpu:.1%} of its CPU set, at most {allowed:.0%} are allowed"
