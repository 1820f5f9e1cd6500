"""The reason `rows-missing` (METHOD 10)."""

from __future__ import annotations

from collections import Counter

from benchmark_lab.judge.case import Case
from benchmark_lab.judge.rule import reason


@reason("rows-missing", rank=200)
def rows_missing(case: Case) -> str | None:
    """There were more successful responses to writes than rows added.

    More rows than successful responses are no lie: a request may fail after its commit.

    Do: run `lab conformance`, which shows where the implementation lies or loses writes.
    """
    added = case.database.rows_added
    missing = [
        f"the successful responses account for {claimed:,} new rows of {table}, and {added[table]:,} were added"
        for table, claimed in _claimed_rows(case).items()
        if table in added and added[table] < claimed
    ]
    return "; ".join(missing) if not case.database.problem else None


def _claimed_rows(case: Case) -> Counter[str]:
    """Count the rows that the successful responses of warm-up and window stand for, by table."""
    phases = [phase for phase in (case.measurement.warmup, case.measurement.load) if phase]
    claimed: Counter[str] = Counter()
    for name, operation in case.operations.items():
        successes = sum(phase.successes.get(name, 0) for phase in phases)
        claimed.update({table: rows * successes for table, rows in operation.effects.items()})
    return claimed
