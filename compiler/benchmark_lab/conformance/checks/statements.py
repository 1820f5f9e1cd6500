"""The statements that requests cause, counted by PostgreSQL while nothing else is asked of the server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from benchmark_lab.conformance.answer import as_json
from benchmark_lab.conformance.check import check
from benchmark_lab.conformance.database import User
from benchmark_lab.conformance.report import MismatchError
from benchmark_lab.conformance.session import Session, together
from benchmark_lab.conformance.statements import EVENT, INSERT, LOCK, SELECT, UPDATE, Count, Counts, shown, since

_LIMIT = 7
_MISSING_ID = 2**62
_INVALID: dict[str, dict[str, str | int] | None] = {"createUser": None, "replaceUser": {"id": 1}}


@check("statements-read", counts="everything")
async def statements_read(session: Session) -> None:
    """The same page and the same user, again and again and by many at once; and a user that is not there."""
    user = await session.database.insert(session.user())
    rows = len(await session.database.page(_LIMIT, 0))
    at_once = _at_once(session)
    for _ in range(session.thorough(5, 2)):
        async with _causing(session, {SELECT: Count(1, rows)}):
            await session.call("listUsers", query={"limit": _LIMIT}, expect=200)
        async with _causing(session, {SELECT: Count(1, 1)}):
            await session.call("getUser", path={"id": user.id}, expect=200)
    async with _causing(session, {SELECT: Count(at_once, at_once * rows)}):
        await together(session.call("listUsers", query={"limit": _LIMIT}, expect=200) for _ in range(at_once))
    async with _causing(session, {SELECT: Count(at_once, at_once)}):
        await together(session.call("getUser", path={"id": user.id}, expect=200) for _ in range(at_once))
    async with _causing(session, {SELECT: Count(1, 0)}):
        await session.call("getUser", path={"id": _MISSING_ID}, expect=404, because="no such user")


@check("statements-write", counts="everything")
async def statements_write(session: Session) -> None:
    """Users created and replaced, one by one and many at once."""
    for _ in range(session.thorough(5, 2)):
        async with _causing(session, _writes(INSERT, 1)):
            user = await _post(session)
        async with _causing(session, _writes(UPDATE, 1)):
            await _put(session, user)
    at_once = _at_once(session)
    async with _causing(session, _writes(INSERT, at_once)):
        users = await together(_post(session) for _ in range(at_once))
    async with _causing(session, _writes(UPDATE, at_once)):
        await together(_put(session, user) for user in users)


@check("statements-none", counts="everything")
async def statements_none(session: Session) -> None:
    """Every other route, and input that is refused."""
    async with _causing(session, {}):
        await session.call("getHealth", expect=200)
        await session.call("postEcho", body=as_json({"items": []}), expect=200)
        await session.call("getProtected", query={"q": "x"}, expect=401, because="no token")
        await session.call("postUpload", body=b"{}", expect=415, because="not multipart")
        if session.target.jwt_secret:
            await session.call("getProtected", query={"q": "x"}, headers=session.tokens.header(), expect=200)
        if session.target.upstream_url:
            await session.call("getExternal", query={"key": "counted"}, expect=200)
        await session.call("listUsers", query={"limit": 0}, expect=422, because="limit below its minimum")
        await session.call("getUser", path={"id": 0}, expect=422, because="id below its minimum")
        for operation, path in _INVALID.items():
            await session.call(operation, path=path, body=b"{}", expect=422, because="every member is missing")


def _at_once(session: Session) -> int:
    """Parallel requests: more than a server runs statements at a time."""
    return session.thorough(50, 20)


def _writes(statement: str, requests: int) -> Counts:
    each = Count(requests, requests)
    return {statement: each, EVENT: each}


async def _post(session: Session) -> User:
    return (await session.call("createUser", body=as_json(session.user()), expect=201)).read(User)


async def _put(session: Session, user: User) -> None:
    await session.call("replaceUser", path={"id": user.id}, body=as_json(session.user()), expect=200)


@asynccontextmanager
async def _causing(session: Session, expected: Counts) -> AsyncIterator[None]:
    """Fails unless the block's requests cause exactly these statements; an UPDATE may lock its row beforehand."""
    before = await session.database.statements()
    yield
    caused = since(before, await session.database.statements())
    if caused not in (expected, {**expected, LOCK: expected.get(UPDATE)}):
        raise MismatchError(f"these statements on the tables: {shown(expected)}", shown(caused))
