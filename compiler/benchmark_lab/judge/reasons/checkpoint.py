"""The warning `checkpoint` (METHOD 9)."""

from __future__ import annotations

from benchmark_lab.judge.case import Case
from benchmark_lab.judge.rule import warning


@warning("checkpoint", rank=30)
def checkpoint(case: Case) -> str | None:
    """A checkpoint of PostgreSQL began within the window.

    Do: measure for longer, so that all trials have as many checkpoints.
    """
    count = case.database.checkpoints
    return f"{count} checkpoint(s) of PostgreSQL began within the window" if count else None
