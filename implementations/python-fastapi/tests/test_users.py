from datetime import datetime

import asyncpg
import httpx
import pytest

pytestmark = [pytest.mark.anyio, pytest.mark.tools, pytest.mark.parametrize("style", ["documented", "lean"])]

USER = {"email": "new@example.com", "name": "New", "age": 30, "active": True}


async def count(url: str) -> tuple[int, int]:
    connection = await asyncpg.connect(url)
    row = await connection.fetchrow("SELECT (SELECT count(*) FROM users), (SELECT count(*) FROM user_events)")
    await connection.close()
    assert row is not None
    return row[0], row[1]


async def test_a_page_is_ordered_and_repeats_its_limits(users_client: httpx.AsyncClient) -> None:
    page = (await users_client.get("/users?limit=2&offset=9")).json()
    assert [user["id"] for user in page["items"]] == [10, 11]
    assert (page["limit"], page["offset"]) == (2, 9)
    assert (await users_client.get("/users?offset=1000000")).json()["items"] == []


async def test_a_user_is_answered_as_stored(users_client: httpx.AsyncClient) -> None:
    user = (await users_client.get("/users/1")).json()
    assert user["email"] == "user1@example.com"
    assert datetime.fromisoformat(user["created_at"]) == datetime.fromisoformat("2026-01-01T00:01:01Z")
    assert (await users_client.get("/users/999999")).status_code == 404


async def test_a_user_and_its_events_are_written_together(users_client: httpx.AsyncClient, postgres_url: str) -> None:
    users, events = await count(postgres_url)
    created = await users_client.post("/users", json=USER)
    assert created.status_code == 201
    assert created.headers["location"] == f"/users/{created.json()['id']}"
    assert await count(postgres_url) == (users + 1, events + 1)

    replaced = await users_client.put(created.headers["location"], json={**USER, "age": 31})
    assert replaced.json() == {**created.json(), "age": 31}
    assert (await users_client.get(created.headers["location"])).json() == replaced.json()
    assert await count(postgres_url) == (users + 1, events + 2)


async def test_a_taken_email_conflicts_and_stores_nothing(users_client: httpx.AsyncClient, postgres_url: str) -> None:
    before = await count(postgres_url)
    taken = {**USER, "email": "user2@example.com"}
    assert (await users_client.post("/users", json=taken)).status_code == 409
    assert (await users_client.put("/users/1", json=taken)).status_code == 409
    assert (await users_client.put("/users/999999", json=USER)).status_code == 404
    assert await count(postgres_url) == before


@pytest.mark.parametrize(
    ("member", "value"), [("email", "no at"), ("email", "a@b\n"), ("name", "nul\0"), ("age", True), ("active", 1)]
)
async def test_an_invalid_member_is_named_and_nothing_is_stored(
    users_client: httpx.AsyncClient, postgres_url: str, member: str, value: object
) -> None:
    before = await count(postgres_url)
    for method, path in (("POST", "/users"), ("PUT", "/users/1")):
        answer = await users_client.request(method, path, json={**USER, member: value})
        assert answer.status_code == 422
        assert [error["field"] for error in answer.json()["errors"]] == [member]
    assert await count(postgres_url) == before


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=1.0", "limit=+1", "limit=", f"limit={'9' * 5000}"])
async def test_an_invalid_limit_is_named(users_client: httpx.AsyncClient, query: str) -> None:
    answer = await users_client.get(f"/users?{query}")
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == ["limit"]


@pytest.mark.parametrize("user_id", ["0", "-1", "1.0", "one", str(2**63)])
async def test_an_invalid_id_is_named(users_client: httpx.AsyncClient, user_id: str) -> None:
    answer = await users_client.get(f"/users/{user_id}")
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == ["id"]
