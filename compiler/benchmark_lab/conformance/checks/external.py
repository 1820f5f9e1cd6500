"""GET /external, with the upstream's hits counted."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from benchmark_lab.conformance.check import check
from benchmark_lab.conformance.client import Client, together
from benchmark_lab.conformance.contract import ApiParameter
from benchmark_lab.conformance.report import MismatchError

_PARALLEL = 16
_EARLIEST_S = 1.9
_LATEST_S = 3.0


@check("external", counts="upstream")
async def external(client: Client) -> None:
    """Many keys at once and one key twice: a hit for each, and the value that the upstream itself gives."""
    key = _key_parameter(client)
    edges = [str(case.value) for case in client.inputs.parameter_edges(key)]
    keys = [*edges, *(str(client.inputs.valid(key.value)) for _ in range(_PARALLEL))]
    values = await together(client.upstream.value(key) for key in keys)
    async with _hits(client, 2 * len(keys)):
        for _ in range(2):
            responses = await together(client.call("getExternal", query={"key": key}, expect=200) for key in keys)
            for response, text, value in zip(responses, keys, values, strict=True):
                response.require_body({"key": text, "value": value})


@check("external-validation", counts="upstream")
async def external_validation(client: Client) -> None:
    """Keys that are refused without a call."""
    async with _hits(client, 0):
        for case in client.some(client.inputs.parameter_violations(_key_parameter(client))):
            query = {"key": str(case.value)} if case.value is not None else None
            await client.call("getExternal", query=query, expect=422, because=str(case))


@check("external-bad-gateway", counts="upstream")
async def external_bad_gateway(client: Client) -> None:
    """An upstream that answers 500 or no JSON, asked once each time."""
    keys = [f"{kind}-{client.random.randrange(10**6)}" for kind in ("fail", "garbage")]
    async with _hits(client, len(keys)):
        for key in keys:
            await client.call("getExternal", query={"key": key}, expect=502, because=f"the upstream's answer to {key}")


@check("external-timeout", counts="upstream")
async def external_timeout(client: Client) -> None:
    """An upstream that answers after 5 seconds, asked once."""
    key = f"slow-{client.random.randrange(10**6)}"
    async with _hits(client, 1):
        response = await client.call("getExternal", query={"key": key}, expect=504, because="the upstream is slow")
    if not _EARLIEST_S <= response.seconds <= _LATEST_S:
        raise MismatchError("504 after 2 to 3 seconds", f"after {response.seconds:.2f} s", response.sent)


def _key_parameter(client: Client) -> ApiParameter:
    (key,) = client.contract.operations["getExternal"].parameters
    return key


@asynccontextmanager
async def _hits(client: Client, expected: int) -> AsyncIterator[None]:
    before = await client.upstream.hits()
    yield
    called = await client.upstream.hits() - before
    if called != expected:
        raise MismatchError(f"{expected} calls of the upstream", f"{called} calls")
