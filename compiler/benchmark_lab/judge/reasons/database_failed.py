"""The reason `database-failed`."""

from __future__ import annotations

from benchmark_lab.judge.case import Case
from benchmark_lab.judge.rule import reason


@reason("database-failed", rank=10, needs="trial")
def database_failed(case: Case) -> str | None:
    """PostgreSQL does not answer, or is not the one that the run started.

    Do: read PostgreSQL's log. The run ends here.
    """
    return case.database.problem
