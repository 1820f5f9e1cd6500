"""Every answer: how large a JSON body may be, and how long a connection lives."""

from __future__ import annotations

from collections.abc import AsyncIterator
from itertools import pairwise

from benchmark_lab.conformance.check import check
from benchmark_lab.conformance.client import LAST, Client
from benchmark_lab.conformance.report import MismatchError, NotVisibleError
from benchmark_lab.conformance.response import as_json

JSON_LIMIT_BYTES = 1_048_576
_JSON = {"Content-Type": "application/json", **LAST}


@check("json-limit", counts="database")
async def json_limit(client: Client) -> None:
    """The same small JSON, padded with spaces to the limit and to one byte more, with and without a declared length."""
    echo, user = as_json({"items": []}), as_json(client.user())
    response = await client.call("postEcho", body=echo.ljust(JSON_LIMIT_BYTES), expect=200, because="exactly 1 MiB")
    response.require_body({"items": [], "count": 0, "total": 0})
    too_large = f"{JSON_LIMIT_BYTES + 1} bytes"
    await client.call("postEcho", body=echo.ljust(JSON_LIMIT_BYTES + 1), headers=LAST, expect=413, because=too_large)
    await client.call(
        "postEcho",
        body=_in_chunks(echo.ljust(JSON_LIMIT_BYTES + 1)),
        headers=_JSON,
        expect=413,
        because=f"{too_large} in chunks",
    )
    async with client.nothing_stored():
        body = user.ljust(JSON_LIMIT_BYTES + 1)
        await client.call("createUser", body=body, headers=LAST, expect=413, because=too_large)
        await client.call("replaceUser", path={"id": 1}, body=body, headers=LAST, expect=413, because=too_large)


@check("keep-alive")
async def keep_alive(client: Client) -> None:
    """One connection carries several requests, errors among them."""
    async with client.alone() as alone:
        responses = [
            await alone.call("getHealth", expect=200),
            await alone.call("postEcho", body=as_json({"items": []}), expect=200),
            await alone.call("postEcho", body=b"{", expect=400, because="malformed JSON"),
            await alone.call("listUsers", query={"limit": 0}, expect=422, because="limit below its minimum"),
            await alone.request("GET", "/no-such-route", expect=404),
            await alone.call("getHealth", expect=200),
        ]
    if responses[0].headers.get("connection", "").lower() == "close":
        raise NotVisibleError("the server announces that it closes connections, which only its process model excuses")
    for earlier, later in pairwise(responses):
        if earlier.client_port != later.client_port:
            raise MismatchError("the connection open for the next request", "a closed one", earlier.sent)


async def _in_chunks(content: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(content), 65_536):
        yield content[start : start + 65_536]
