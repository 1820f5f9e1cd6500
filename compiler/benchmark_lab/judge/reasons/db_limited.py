"""The reason `db-limited` (METHOD 11)."""

from __future__ import annotations

from benchmark_lab.judge.case import Case
from benchmark_lab.judge.rule import reason
from benchmark_lab.judge.surroundings import database_cpu, database_share


@reason("db-limited", rank=130, thresholds=("database_cpu", "database_share"), bound="db")
def db_limited(case: Case) -> str | None:
    """PostgreSQL's CPUs, or its calibrated rate of transactions, were near their end.

    Do: give `db` more CPUs, or ask for less.
    """
    return "; ".join((*database_cpu(case), *database_share(case)))
