"""The reason `rows-missing` (METHOD 10)."""

from __future__ import annotations

from benchmark_lab.judge.case import Case
from benchmark_lab.judge.rule import reason

CREATED, REPLACED = "createUser", "replaceUser"
"""Operations that add rows, by the operationIds of `spec/openapi.yaml`."""


@reason("rows-missing", rank=200)
def rows_missing(case: Case) -> str | None:
    """There were more successful responses to writes than rows added.

    More rows than successful responses are no lie: a request may fail after its commit.

    Do: run `lab conformance`, which shows where the implementation lies or loses writes.
    """
    phases = [phase for phase in (case.measurement.warmup, case.measurement.load) if phase]
    created = sum(phase.successes.get(CREATED, 0) for phase in phases)
    replaced = sum(phase.successes.get(REPLACED, 0) for phase in phases)
    claims = (
        (case.database.users_added, created, "users", "created"),
        (case.database.events_added, created + replaced, "events", "created or replaced"),
    )
    missing = [
        f"{claimed:,} answers said that a user was {what}, and {found:,} {rows} were added"
        for found, claimed, rows, what in claims
        if found is not None and found < claimed
    ]
    return "; ".join(missing) if not case.database.problem else None
