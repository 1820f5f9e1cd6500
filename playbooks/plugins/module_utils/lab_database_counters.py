"""What PostgreSQL counts of the database: asked again and again over one connection, and read back over a window."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, NamedTuple

from ansible.module_utils.lab_postgresql import DATABASE, Cluster
from ansible.module_utils.lab_sampler import Sample, grown

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Sequence

_FIRST_WITH_CHECKPOINTER = 17
"""The major version that moved the checkpoints' counters from pg_stat_bgwriter to pg_stat_checkpointer."""


SHORT_S = 1.5
"""A shorter window may lie between two answers. They come each half second, and later on a busy machine."""


class Counted(NamedTuple):
    """What PostgreSQL tells of the database at one moment: counters, and two states of its connections.

    The counters of a connection come in when a transaction ends, but at most once a second, and otherwise after 10 s
    of idleness. So each connection's share of a window is off by up to a second's work at both ends; with n
    connections about 0.4/√n seconds' work remain of it.
    """

    transactions: float
    active_ms: float
    idle_in_transaction_ms: float
    checkpoints: float
    """Begun ones, as far as they were reported."""
    connections: float
    lock_waiters: float


def question(major: int) -> str:
    """The statement that answers with the fields of `Counted`, in one line."""
    if major >= _FIRST_WITH_CHECKPOINTER:
        checkpoints = "SELECT num_timed + num_requested FROM pg_stat_checkpointer"
    else:
        checkpoints = "SELECT checkpoints_timed + checkpoints_req FROM pg_stat_bgwriter"
    return " ".join(
        # Nothing in it comes from outside.
        f"""
        SELECT d.*, ({checkpoints}), a.* FROM
          (SELECT coalesce(sum(xact_commit + xact_rollback), 0), coalesce(sum(active_time), 0),
                  coalesce(sum(idle_in_transaction_time), 0)
             FROM pg_stat_database WHERE datname = '{DATABASE}') d,
          (SELECT count(*), count(*) FILTER (WHERE wait_event_type = 'Lock')
             FROM pg_stat_activity WHERE datname = '{DATABASE}' AND backend_type = 'client backend') a;""".split()  # noqa: S608
    )


class Question:
    """One statement, asked again and again over the same connection."""

    def __init__(self, cluster: Cluster, port: int) -> None:
        self._cluster = cluster
        self._port = port
        self._statement = question(cluster.major_version())
        self._psql: subprocess.Popen[str] | None = None

    def ask(self) -> Counted | None:
        """The answer; None where there is none, and the next question opens a connection anew."""
        if self._psql is None:
            self._psql = self._cluster.open_psql(self._port)
        assert self._psql.stdin  # noqa: S101  both are pipes
        assert self._psql.stdout  # noqa: S101
        try:
            self._psql.stdin.write(f"{self._statement}\n")
            answer = self._psql.stdout.readline()
        except BrokenPipeError:
            answer = ""
        if not answer:
            self.close()
            return None
        return Counted(*(float(field) for field in answer.split("|")))

    def close(self) -> None:
        """Close the connection."""
        if self._psql:
            with contextlib.suppress(BrokenPipeError):
                self._psql.communicate()
        self._psql = None


def counted_within(samples: Sequence[Sample], start_s: float, end_s: float) -> dict[str, float] | None:
    """What the database did within a window, by the names of the record; None if PostgreSQL did not tell.

    A window that a killed k6 cut short may have no answer inside; the next one after it then tells the connections.
    """
    answers = [(sample.at_s, Counted(*sample.answer)) for sample in samples if sample.answer is not None]
    inside = [counted for at_s, counted in answers if start_s <= at_s <= end_s]
    if not inside and end_s - start_s < SHORT_S:
        inside = [counted for at_s, counted in answers if at_s > end_s][:1]
    if not inside:
        return None
    total = Counted(*grown(answers, start_s, end_s))
    return {
        "transactions": round(total.transactions),
        "active_s": total.active_ms / 1000,
        "idle_in_transaction_s": total.idle_in_transaction_ms / 1000,
        "lock_waiters": sum(counted.lock_waiters for counted in inside) / len(inside),
        "connections": int(max(counted.connections for counted in inside)),
        "checkpoints": round(total.checkpoints),
    }
