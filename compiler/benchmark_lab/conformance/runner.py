"""Runs the checks against a server: those that count the same thing one after another, the others beside them."""

from __future__ import annotations

import asyncio
import dataclasses
import random
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path

import httpx
import psycopg

from benchmark_lab.conformance.check import Check, Counted
from benchmark_lab.conformance.checks import CHECKS
from benchmark_lab.conformance.client import Client
from benchmark_lab.conformance.contract import Contract
from benchmark_lab.conformance.database import Database
from benchmark_lab.conformance.report import Depth, MismatchError, NotVisibleError, Report, Result
from benchmark_lab.conformance.sut import Sut, UnreachableError
from benchmark_lab.conformance.upstream import Upstream
from benchmark_lab.diagnostics import LabError

_CONNECTIONS = 64
_IDLE_CONNECTIONS = 16
# Shorter than the idle timeout of any server, so that no request meets a connection that is just being closed.
_KEEPALIVE_S = 1.0
_LANES: tuple[Counted, ...] = ("database", "upstream", "nothing")


def run_conformance(target: Sut, depth: Depth, *, openapi: Path, seed: int, checks: Sequence[Check] = CHECKS) -> Report:
    """Checks a running server against openapi.yaml and behaviour.md.

    The same seed draws the same inputs. Rows that the checks made are removed where the database is given.

    Raises:
        UnreachableError: the server, its database or its upstream gives no answer at all.
        LabError: what the target raises where its server's log or memory cannot be looked at.
    """
    try:
        return asyncio.run(_run(target, depth, Contract.read(openapi), seed, checks))
    except ExceptionGroup as group:  # of the checks that run at once
        told, _ = group.split(LabError)
        if told is None:
            raise
        raise told.exceptions[0] from group


async def _run(target: Sut, depth: Depth, contract: Contract, seed: int, checks: Sequence[Check]) -> Report:
    started = time.monotonic()
    results: dict[str, Result] = {}

    async def prove_all(lane: Iterable[Check]) -> None:
        for one in lane:
            if one.depth == "full" and depth == "gate":
                results[one.id] = _skipped(one, "takes too long for the gate")
            else:
                own = dataclasses.replace(session, random=_source(seed, one.id), _sent=[])
                results[one.id] = await _prove(one, own)

    async with _open_session(target, depth, contract, _source(seed)) as session:
        await prove_all(one for one in checks if one.counts == "everything")
        async with asyncio.TaskGroup() as group:
            for counted in _LANES:
                group.create_task(prove_all([one for one in checks if one.counts == counted]))
    return Report(
        base_url=target.base_url,
        depth=depth,
        seed=seed,
        seconds=round(time.monotonic() - started, 3),
        ok=all(result.status != "failed" for result in results.values()),
        results=tuple(results[one.id] for one in checks),
    )


async def _prove(one: Check, session: Client) -> Result:
    started = time.monotonic()
    outcome = Result(check=one.id, status="passed", seconds=0)
    try:
        await one.prove(session)
    except NotVisibleError as error:
        outcome = _skipped(one, str(error))
    except MismatchError as error:
        outcome = _failure(one, session, error.sent or session.last_sent, error.expected, error.got)
    except (psycopg.Error, UnreachableError) as error:
        outcome = _failure(one, session, session.last_sent, "a way to look at the side effects", str(error).strip())
    return outcome.model_copy(update={"seconds": round(time.monotonic() - started, 3)})


def _skipped(one: Check, reason: str) -> Result:
    return Result(check=one.id, status="skipped", seconds=0, reason=reason)


def _source(*names: object) -> random.Random:
    return random.Random(" ".join(map(str, names)))  # noqa: S311 -- to be drawn again, not to be kept secret


def _failure(one: Check, session: Client, sent: str | None, expected: str, got: str) -> Result:
    redact = session.target.redact
    return Result(
        check=one.id,
        status="failed",
        seconds=0,
        sent=redact(sent) if sent else None,
        expected=redact(expected),
        got=redact(got),
    )


@asynccontextmanager
async def _open_session(target: Sut, depth: Depth, contract: Contract, source: random.Random) -> AsyncIterator[Client]:
    """Connects to everything, and removes what the checks made at the end."""
    emails: set[str] = set()
    limits = httpx.Limits(
        max_connections=_CONNECTIONS, max_keepalive_connections=_IDLE_CONNECTIONS, keepalive_expiry=_KEEPALIVE_S
    )
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(
            httpx.AsyncClient(timeout=None, limits=limits, trust_env=False)  # noqa: S113 -- asyncio.timeout ends each request
        )
        await _require_answer(client, target)
        database = await stack.enter_async_context(Database.connect(target.db_url)) if target.db_url else None
        upstream = Upstream(client, target.upstream_url.rstrip("/")) if target.upstream_url else None
        if upstream:
            await upstream.hits()
        last_id = await database.last_id() if database else 0
        yield Client(target, contract, client, depth, source, database, upstream, emails)
        if database:
            # A broken server may hold locks on these rows; the report is worth more than the tidiness.
            with suppress(psycopg.Error):
                await database.delete_created(last_id, sorted(emails))


async def _require_answer(client: httpx.AsyncClient, target: Sut) -> None:
    try:
        await client.get(f"{target.base_url.rstrip('/')}/health", timeout=5)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise UnreachableError(f"no server answers at {target.base_url}: {error!r}") from error
