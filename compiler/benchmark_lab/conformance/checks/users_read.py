"""GET /users and GET /users/{id}, compared with the rows that the database holds."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from pydantic import BaseModel

from benchmark_lab.conformance.check import check
from benchmark_lab.conformance.database import User
from benchmark_lab.conformance.session import Query, Session, together

_DEFAULT_LIMIT = 20
_GREATEST_ID = 2**63 - 1
_MICROSECONDS = (0, 1, 999_999, 120_000, 123_456)


class UserPage(BaseModel):
    """An answer of GET /users."""

    items: list[User]
    limit: int
    offset: int


@check("users-list", counts="database")
async def users_list(session: Session) -> None:
    """Pages anywhere, on the parameters' boundaries, and over rows that lie in another order than their ids."""
    parameters = session.contract.operations["listUsers"].parameters
    queries: list[Query] = [{}]
    queries += [
        {parameter.name: str(case.value)}
        for parameter in parameters
        for case in session.inputs.parameter_edges(parameter)
    ]
    count = (await session.database.contents()).users
    queries += [
        {"limit": session.random.randint(1, 100), "offset": session.random.randint(0, count)}
        for _ in range(session.thorough(20, 5))
    ]
    for query in queries:
        await _require_page(session, query)
    async with _scattered_rows(session):
        await _require_page(session, {"limit": 10, "offset": max(0, count - 2)})


@check("users-list-validation")
async def users_list_validation(session: Session) -> None:
    """Every rule of limit and offset broken."""
    for parameter in session.contract.operations["listUsers"].parameters:
        for case in session.some(session.inputs.parameter_violations(parameter)):
            await session.call("listUsers", query={parameter.name: str(case.value)}, expect=422, because=str(case))


@check("users-list-fresh", counts="database")
async def users_list_fresh(session: Session) -> None:
    """Rows added, changed and removed behind the server's back, on the first page and on the last."""
    offset = (await session.database.contents()).users
    askers = _askers(session)
    last: Query = {"limit": 5, "offset": offset}
    await _require_page(session, last, askers)
    user = await session.database.insert(session.user())
    await _require_page(session, last, askers)
    await session.database.rename(user.id, f"{user.name} renamed")
    await _require_page(session, last, askers)
    await session.database.delete(user.id)
    await _require_page(session, last, askers)
    for first in await session.database.page(1, 0):
        await _require_page(session, {}, askers)
        await session.database.rename(first.id, f"{first.name} renamed")
        try:
            await _require_page(session, {}, askers)
        finally:
            await session.database.rename(first.id, first.name)


@check("users-get", counts="database")
async def users_get(session: Session) -> None:
    """Rows anywhere, instants to the microsecond, and a row that changes behind the server's back."""
    count = (await session.database.contents()).users
    for _ in range(session.thorough(20, 5)):
        for user in await session.database.page(1, session.random.randrange(max(count, 1))):
            await _require_user(session, user)
    for microsecond in _MICROSECONDS:
        created_at = datetime(2020, 2, 29, 23, 59, 59, microsecond, tzinfo=UTC)
        user = await session.database.insert(session.user(), created_at=created_at)
        await _require_user(session, user)
    changed = await session.database.rename(user.id, f"{user.name} renamed")
    await together(_require_user(session, changed) for _ in range(_askers(session)))
    await session.database.delete(user.id)
    await together(
        session.call("getUser", path={"id": user.id}, expect=404, because="the row was deleted")
        for _ in range(_askers(session))
    )


@check("users-get-missing")
async def users_get_missing(session: Session) -> None:
    """Valid ids without a row, and everything that is no id."""
    for missing in (session.random.randint(2**40, 2**41), _GREATEST_ID):
        await session.call("getUser", path={"id": missing}, expect=404, because="no such user")
    for parameter in session.contract.operations["getUser"].parameters:
        for case in session.some(session.inputs.parameter_violations(parameter)):
            await session.call("getUser", path={parameter.name: str(case.value)}, expect=422, because=str(case))


def _askers(session: Session) -> int:
    """Parallel requests, so that each worker process of the server answers one."""
    return session.thorough(16, 8)


async def _require_page(session: Session, query: Query, times: int = 1) -> None:
    asked = (int(query.get("limit", _DEFAULT_LIMIT)), int(query.get("offset", 0)))
    stored = await session.database.page(*asked)
    for answer in await together(session.call("listUsers", query=query, expect=200) for _ in range(times)):
        page = answer.read(UserPage)
        answer.require(asked, (page.limit, page.offset), "limit and offset")
        answer.require([user.id for user in stored], [user.id for user in page.items], "the ids of the rows in order")
        for expected, got in zip(stored, page.items, strict=True):
            answer.require(expected, got, "the row")


async def _require_user(session: Session, user: User) -> None:
    answer = await session.call("getUser", path={"id": user.id}, expect=200)
    answer.require(user, answer.read(User), "the row")


@asynccontextmanager
async def _scattered_rows(session: Session) -> AsyncIterator[None]:
    """Rows whose ids fall while their places in the table rise: only ORDER BY sorts them."""
    last = await session.database.last_id()
    ids = [last + 1_000_000 - 10 * step for step in range(5)]
    for user_id in ids:
        await session.database.insert(session.user(), user_id=user_id)
    try:
        yield
    finally:
        await session.database.delete(*ids)
