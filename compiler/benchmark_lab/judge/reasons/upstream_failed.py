"""The reason `upstream-failed`."""

from __future__ import annotations

from benchmark_lab.judge.case import Case
from benchmark_lab.judge.rule import reason


@reason("upstream-failed", rank=60, needs="trial")
def upstream_failed(case: Case) -> str | None:
    """The upstream failed.

    Do: read the upstream's log.
    """
    return case.upstream.problem
