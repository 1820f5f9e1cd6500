"""GET /users and GET /users/{id}, compared with the rows that the database holds."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from pydantic import BaseModel

from benchmark_lab.conformance.check import check
from benchmark_lab.conformance.client import Client, Query, together
from benchmark_lab.conformance.database import User

_DEFAULT_LIMIT = 20
_GREATEST_ID = 2**63 - 1
_MICROSECONDS = (0, 1, 999_999, 120_000, 123_456)


class UserPage(BaseModel):
    """An answer of GET /users."""

    items: list[User]
    limit: int
    offset: int


@check("users-list", counts="database")
async def users_list(client: Client) -> None:
    """Pages anywhere, on the parameters' boundaries, and over rows that lie in another order than their ids."""
    parameters = client.contract.operations["listUsers"].parameters
    queries: list[Query] = [{}]
    queries += [
        {parameter.name: str(case.value)}
        for parameter in parameters
        for case in client.inputs.parameter_edges(parameter)
    ]
    count = (await client.database.contents()).users
    queries += [
        {"limit": client.random.randint(1, 100), "offset": client.random.randint(0, count)}
        for _ in range(client.thorough(20, 5))
    ]
    for query in queries:
        await _require_page(client, query)
    async with _scattered_rows(client):
        await _require_page(client, {"limit": 10, "offset": max(0, count - 2)})


@check("users-list-validation")
async def users_list_validation(client: Client) -> None:
    """Every rule of limit and offset broken."""
    for parameter in client.contract.operations["listUsers"].parameters:
        for case in client.some(client.inputs.parameter_violations(parameter)):
            await client.call("listUsers", query={parameter.name: str(case.value)}, expect=422, because=str(case))


@check("users-list-fresh", counts="database")
async def users_list_fresh(client: Client) -> None:
    """Rows added, changed and removed behind the server's back, on the first page and on the last."""
    offset = (await client.database.contents()).users
    askers = _askers(client)
    last: Query = {"limit": 5, "offset": offset}
    await _require_page(client, last, askers)
    user = await client.database.insert(client.user())
    await _require_page(client, last, askers)
    await client.database.rename(user.id, f"{user.name} renamed")
    await _require_page(client, last, askers)
    await client.database.delete(user.id)
    await _require_page(client, last, askers)
    for first in await client.database.page(1, 0):
        await _require_page(client, {}, askers)
        await client.database.rename(first.id, f"{first.name} renamed")
        try:
            await _require_page(client, {}, askers)
        finally:
            await client.database.rename(first.id, first.name)


@check("users-get", counts="database")
async def users_get(client: Client) -> None:
    """Rows anywhere, instants to the microsecond, and a row that changes behind the server's back."""
    count = (await client.database.contents()).users
    for _ in range(client.thorough(20, 5)):
        for user in await client.database.page(1, client.random.randrange(max(count, 1))):
            await _require_user(client, user)
    for microsecond in _MICROSECONDS:
        created_at = datetime(2020, 2, 29, 23, 59, 59, microsecond, tzinfo=UTC)
        user = await client.database.insert(client.user(), created_at=created_at)
        await _require_user(client, user)
    changed = await client.database.rename(user.id, f"{user.name} renamed")
    await together(_require_user(client, changed) for _ in range(_askers(client)))
    await client.database.delete(user.id)
    await together(
        client.call("getUser", path={"id": user.id}, expect=404, because="the row was deleted")
        for _ in range(_askers(client))
    )


@check("users-get-missing")
async def users_get_missing(client: Client) -> None:
    """Valid ids without a row, and everything that is no id."""
    for missing in (client.random.randint(2**40, 2**41), _GREATEST_ID):
        await client.call("getUser", path={"id": missing}, expect=404, because="no such user")
    for parameter in client.contract.operations["getUser"].parameters:
        for case in client.some(client.inputs.parameter_violations(parameter)):
            await client.call("getUser", path={parameter.name: str(case.value)}, expect=422, because=str(case))


def _askers(client: Client) -> int:
    """Parallel requests, so that each worker process of the server answers one."""
    return client.thorough(16, 8)


async def _require_page(client: Client, query: Query, times: int = 1) -> None:
    asked = (int(query.get("limit", _DEFAULT_LIMIT)), int(query.get("offset", 0)))
    stored = await client.database.page(*asked)
    for response in await together(client.call("listUsers", query=query, expect=200) for _ in range(times)):
        page = response.read(UserPage)
        response.require(asked, (page.limit, page.offset), "limit and offset")
        response.require([user.id for user in stored], [user.id for user in page.items], "the ids of the rows in order")
        for expected, got in zip(stored, page.items, strict=True):
            response.require(expected, got, "the row")


async def _require_user(client: Client, user: User) -> None:
    response = await client.call("getUser", path={"id": user.id}, expect=200)
    response.require(user, response.read(User), "the row")


@asynccontextmanager
async def _scattered_rows(client: Client) -> AsyncIterator[None]:
    """Rows whose ids fall while their places in the table rise: only ORDER BY sorts them."""
    last = await client.database.last_id()
    ids = [last + 1_000_000 - 10 * step for step in range(5)]
    for user_id in ids:
        await client.database.insert(client.user(), user_id=user_id)
    try:
        yield
    finally:
        await client.database.delete(*ids)
