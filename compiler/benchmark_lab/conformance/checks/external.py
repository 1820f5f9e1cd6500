"""GET /external, with the upstream's hits counted."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from benchmark_lab.conformance.check import check
from benchmark_lab.conformance.contract import Parameter
from benchmark_lab.conformance.report import MismatchError
from benchmark_lab.conformance.session import Session, together

_PARALLEL = 16
_EARLIEST_S = 1.9
_LATEST_S = 3.0


@check("external", counts="upstream")
async def external(session: Session) -> None:
    """Many keys at once and one key twice: a hit for each, and the value that the upstream itself gives."""
    key = _key_parameter(session)
    edges = [str(case.value) for case in session.inputs.parameter_edges(key)]
    keys = [*edges, *(str(session.inputs.valid(key.value)) for _ in range(_PARALLEL))]
    values = await together(session.upstream.value(key) for key in keys)
    async with _hits(session, 2 * len(keys)):
        for _ in range(2):
            answers = await together(session.call("getExternal", query={"key": key}, expect=200) for key in keys)
            for answer, text, value in zip(answers, keys, values, strict=True):
                answer.require_body({"key": text, "value": value})


@check("external-validation", counts="upstream")
async def external_validation(session: Session) -> None:
    """Keys that are refused without a call."""
    async with _hits(session, 0):
        for case in session.some(session.inputs.parameter_violations(_key_parameter(session))):
            query = {"key": str(case.value)} if case.value is not None else None
            await session.call("getExternal", query=query, expect=422, because=str(case))


@check("external-bad-gateway", counts="upstream")
async def external_bad_gateway(session: Session) -> None:
    """An upstream that answers 500 or no JSON, asked once each time."""
    keys = [f"{kind}-{session.random.randrange(10**6)}" for kind in ("fail", "garbage")]
    async with _hits(session, len(keys)):
        for key in keys:
            await session.call("getExternal", query={"key": key}, expect=502, because=f"the upstream's answer to {key}")


@check("external-timeout", counts="upstream")
async def external_timeout(session: Session) -> None:
    """An upstream that answers after 5 seconds, asked once."""
    key = f"slow-{session.random.randrange(10**6)}"
    async with _hits(session, 1):
        answer = await session.call("getExternal", query={"key": key}, expect=504, because="the upstream is slow")
    if not _EARLIEST_S <= answer.seconds <= _LATEST_S:
        raise MismatchError("504 after 2 to 3 seconds", f"after {answer.seconds:.2f} s", answer.sent)


def _key_parameter(session: Session) -> Parameter:
    (key,) = session.contract.operations["getExternal"].parameters
    return key


@asynccontextmanager
async def _hits(session: Session, expected: int) -> AsyncIterator[None]:
    before = await session.upstream.hits()
    yield
    called = await session.upstream.hits() - before
    if called != expected:
        raise MismatchError(f"{expected} calls of the upstream", f"{called} calls")
