"""GET /health."""

from __future__ import annotations

from benchmark_lab.conformance.check import check
from benchmark_lab.conformance.client import Client
from benchmark_lab.conformance.report import MismatchError

_REQUESTS = 10


@check("health", counts="everything")
async def health(client: Client) -> None:
    """A pool may look after its connections by itself now and then: half of the requests may coincide with that."""
    hits = await client.upstream.hits() if client.target.upstream_url else 0
    disturbed = 0
    for _ in range(_REQUESTS):
        before = await client.database.activity() if client.target.db_url else []
        response = await client.call("getHealth", expect=200)
        response.require_body({"status": "ok"})
        after = await client.database.activity() if client.target.db_url else []
        disturbed += before != after
    if disturbed > _REQUESTS // 2:
        raise MismatchError("no statement in the database", f"one after {disturbed} of {_REQUESTS} requests")
    if client.target.upstream_url and (called := await client.upstream.hits() - hits):
        raise MismatchError("no call of the upstream", f"{called} calls")
