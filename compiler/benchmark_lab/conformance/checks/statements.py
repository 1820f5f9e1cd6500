"""The statements that requests cause, counted by PostgreSQL while nothing else is asked of the server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from benchmark_lab.conformance.check import check
from benchmark_lab.conformance.client import Client, together
from benchmark_lab.conformance.database import User
from benchmark_lab.conformance.report import MismatchError
from benchmark_lab.conformance.response import as_json
from benchmark_lab.conformance.statements import (
    EVENT,
    INSERT,
    LOCK,
    SELECT,
    UPDATE,
    StatementCount,
    StatementCounts,
    shown,
    since,
)

_LIMIT = 7
_MISSING_ID = 2**62
_INVALID: dict[str, dict[str, str | int] | None] = {"createUser": None, "replaceUser": {"id": 1}}


@check("statements-read", counts="everything")
async def statements_read(client: Client) -> None:
    """The same page and the same user, again and again and by many at once; and a user that is not there."""
    user = await client.database.insert(client.user())
    rows = len(await client.database.page(_LIMIT, 0))
    at_once = _at_once(client)
    for _ in range(client.thorough(5, 2)):
        async with _causing(client, {SELECT: StatementCount(1, rows)}):
            await client.call("listUsers", query={"limit": _LIMIT}, expect=200)
        async with _causing(client, {SELECT: StatementCount(1, 1)}):
            await client.call("getUser", path={"id": user.id}, expect=200)
    async with _causing(client, {SELECT: StatementCount(at_once, at_once * rows)}):
        await together(client.call("listUsers", query={"limit": _LIMIT}, expect=200) for _ in range(at_once))
    async with _causing(client, {SELECT: StatementCount(at_once, at_once)}):
        await together(client.call("getUser", path={"id": user.id}, expect=200) for _ in range(at_once))
    async with _causing(client, {SELECT: StatementCount(1, 0)}):
        await client.call("getUser", path={"id": _MISSING_ID}, expect=404, because="no such user")


@check("statements-write", counts="everything")
async def statements_write(client: Client) -> None:
    """Users created and replaced, one by one and many at once."""
    for _ in range(client.thorough(5, 2)):
        async with _causing(client, _writes(INSERT, 1)):
            user = await _post(client)
        async with _causing(client, _writes(UPDATE, 1)):
            await _put(client, user)
    at_once = _at_once(client)
    async with _causing(client, _writes(INSERT, at_once)):
        users = await together(_post(client) for _ in range(at_once))
    async with _causing(client, _writes(UPDATE, at_once)):
        await together(_put(client, user) for user in users)


@check("statements-none", counts="everything")
async def statements_none(client: Client) -> None:
    """Every other route, and input that is refused."""
    async with _causing(client, {}):
        await client.call("getHealth", expect=200)
        await client.call("postEcho", body=as_json({"items": []}), expect=200)
        await client.call("getProtected", query={"q": "x"}, expect=401, because="no token")
        await client.call("postUpload", body=b"{}", expect=415, because="not multipart")
        if client.target.jwt_secret:
            await client.call("getProtected", query={"q": "x"}, headers=client.tokens.header(), expect=200)
        if client.target.upstream_url:
            await client.call("getExternal", query={"key": "counted"}, expect=200)
        await client.call("listUsers", query={"limit": 0}, expect=422, because="limit below its minimum")
        await client.call("getUser", path={"id": 0}, expect=422, because="id below its minimum")
        for operation, path in _INVALID.items():
            await client.call(operation, path=path, body=b"{}", expect=422, because="every member is missing")


def _at_once(client: Client) -> int:
    """Parallel requests: more than a server runs statements at a time."""
    return client.thorough(50, 20)


def _writes(statement: str, requests: int) -> StatementCounts:
    each = StatementCount(requests, requests)
    return {statement: each, EVENT: each}


async def _post(client: Client) -> User:
    return (await client.call("createUser", body=as_json(client.user()), expect=201)).read(User)


async def _put(client: Client, user: User) -> None:
    await client.call("replaceUser", path={"id": user.id}, body=as_json(client.user()), expect=200)


@asynccontextmanager
async def _causing(client: Client, expected: StatementCounts) -> AsyncIterator[None]:
    """Fails unless the block's requests cause exactly these statements; an UPDATE may lock its row beforehand."""
    before = await client.database.statements()
    yield
    caused = since(before, await client.database.statements())
    if caused not in (expected, {**expected, LOCK: expected.get(UPDATE)}):
        raise MismatchError(f"these statements on the tables: {shown(expected)}", shown(caused))
