"""GET /health."""

from __future__ import annotations

from benchmark_lab.conformance.check import check
from benchmark_lab.conformance.report import MismatchError
from benchmark_lab.conformance.session import Session

_REQUESTS = 10


@check("health", counts="everything")
async def health(session: Session) -> None:
    """A pool may look after its connections by itself now and then: half of the requests may coincide with that."""
    hits = await session.upstream.hits() if session.target.upstream_url else 0
    disturbed = 0
    for _ in range(_REQUESTS):
        before = await session.database.activity() if session.target.db_url else []
        answer = await session.call("getHealth", expect=200)
        answer.require_body({"status": "ok"})
        after = await session.database.activity() if session.target.db_url else []
        disturbed += before != after
    if disturbed > _REQUESTS // 2:
        raise MismatchError("no statement in the database", f"one after {disturbed} of {_REQUESTS} requests")
    if session.target.upstream_url and (called := await session.upstream.hits() - hits):
        raise MismatchError("no call of the upstream", f"{called} calls")
