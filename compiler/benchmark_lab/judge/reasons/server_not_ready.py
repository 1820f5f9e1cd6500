"""The reason `server-not-ready`."""

from __future__ import annotations

from benchmark_lab.judge.case import Case
from benchmark_lab.judge.rule import reason


@reason("server-not-ready", rank=20, needs="trial")
def server_not_ready(case: Case) -> str | None:
    """The server did not answer `GET /health` with status 200 in time.

    Do: read the trial's server log.
    """
    server = case.server
    if not server.problem or server.ready_s is not None or server.processes_before:
        return None
    return server.problem + case.last_words
