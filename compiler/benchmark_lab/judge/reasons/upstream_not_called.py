"""The reason `upstream-not-called` (METHOD 10)."""

from __future__ import annotations

from benchmark_lab.bundle import using
from benchmark_lab.judge.case import Case
from benchmark_lab.judge.rule import reason


@reason("upstream-not-called", rank=210)
def upstream_not_called(case: Case) -> str | None:
    """There were more successful responses of operations that use the upstream than calls of the upstream.

    Do: as for `rows-missing`. A response was invented or cached.
    """
    callers = using("upstream", case.operations)
    called = sum(case.k6.successes.get(name, 0) for name in callers)
    if not case.measurement.upstream or case.upstream.problem or case.upstream.hits >= called:
        return None
    operations = " and ".join(callers)
    return f"{called:,} successful responses of {operations}, and {case.upstream.hits:,} calls of the upstream"
