"""The reason `upstream-not-called` (METHOD 10)."""

from __future__ import annotations

from benchmark_lab.judge.case import Case
from benchmark_lab.judge.rule import reason
from benchmark_lab.judge.surroundings import EXTERNAL


@reason("upstream-not-called", rank=210)
def upstream_not_called(case: Case) -> str | None:
    """There were more successful responses of `/external` than calls of the upstream.

    Do: as for `rows-missing`. A response was invented or cached.
    """
    called = case.k6.successes.get(EXTERNAL, 0)
    if not case.measurement.upstream or case.upstream.problem or case.upstream.hits >= called:
        return None
    return f"{called:,} right answers of {EXTERNAL}, and {case.upstream.hits:,} calls of the simulated API"
