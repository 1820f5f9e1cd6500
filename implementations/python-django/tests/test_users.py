from collections.abc import Iterator
from datetime import UTC, datetime

import httpx
import psycopg
import pytest
from app.stores import STORES
from django.conf import settings
from django.test import override_settings

pytestmark = [pytest.mark.tools, pytest.mark.usefixtures("database_url", "store")]

USER = {"email": "new@example.com", "name": "New", "age": 30, "active": True}


@pytest.fixture(scope="module", params=STORES)
def store(request: pytest.FixtureRequest) -> Iterator[None]:
    store = STORES[request.param]
    store.connect()
    with override_settings(DATA_ACCESS=request.param):
        yield
    store.disconnect()
    with psycopg.connect(settings.DATABASE_URL) as connection:
        connection.execute("DELETE FROM user_events")
        connection.execute("DELETE FROM users WHERE email = %s", (USER["email"],))


def count(url: str) -> tuple[int, int]:
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT (SELECT count(*) FROM users), (SELECT count(*) FROM user_events)").fetchone()
    assert row is not None
    return row[0], row[1]


def test_a_page_is_ordered_and_repeats_its_limits(client: httpx.Client) -> None:
    page = client.get("/users?limit=2&offset=9").json()
    assert [user["id"] for user in page["items"]] == [10, 11]
    assert (page["limit"], page["offset"]) == (2, 9)
    assert client.get("/users?offset=1000000").json()["items"] == []


def test_a_user_is_answered_as_stored(client: httpx.Client) -> None:
    user = client.get("/users/1").json()
    assert user["email"] == "user1@example.com"
    assert datetime.fromisoformat(user["created_at"]) == datetime.fromisoformat("2026-01-01T00:01:01Z")
    assert client.get("/users/999999").status_code == 404


def test_a_user_and_its_events_are_written_together(client: httpx.Client, database_url: str) -> None:
    users, events = count(database_url)
    created = client.post("/users", json=USER)
    assert created.status_code == 201
    assert created.headers["location"] == f"/users/{created.json()['id']}"
    assert count(database_url) == (users + 1, events + 1)

    replaced = client.put(created.headers["location"], json={**USER, "age": 31})
    assert replaced.json() == {**created.json(), "age": 31}
    assert client.get(created.headers["location"]).json() == replaced.json()
    assert count(database_url) == (users + 1, events + 2)


def test_an_instant_keeps_its_microseconds(client: httpx.Client, database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE users SET created_at = '2020-02-29T23:59:59.000001Z' WHERE id = 3")
    created_at = client.get("/users/3").json()["created_at"]
    assert datetime.fromisoformat(created_at) == datetime(2020, 2, 29, 23, 59, 59, 1, tzinfo=UTC)


def test_a_taken_email_conflicts_and_stores_nothing(client: httpx.Client, database_url: str) -> None:
    before = count(database_url)
    taken = {**USER, "email": "user2@example.com"}
    assert client.post("/users", json=taken).status_code == 409
    assert client.put("/users/1", json=taken).status_code == 409
    assert client.put("/users/999999", json=USER).status_code == 404
    assert count(database_url) == before


@pytest.mark.parametrize(
    ("member", "value"), [("email", "no at"), ("email", "a@b\n"), ("name", "nul\0"), ("age", True), ("active", 1)]
)
def test_an_invalid_member_is_named_and_nothing_is_stored(
    client: httpx.Client, database_url: str, member: str, value: object
) -> None:
    before = count(database_url)
    for method, path in (("POST", "/users"), ("PUT", "/users/1")):
        answer = client.request(method, path, json={**USER, member: value})
        assert answer.status_code == 422
        assert [error["field"] for error in answer.json()["errors"]] == [member]
    assert count(database_url) == before


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=1.0", "limit=+1", "limit=", f"limit={'9' * 5000}"])
def test_an_invalid_limit_is_named(client: httpx.Client, query: str) -> None:
    answer = client.get(f"/users?{query}")
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == ["limit"]


@pytest.mark.parametrize("user_id", ["0", "-1", "1.0", "one", str(2**63)])
def test_an_invalid_id_is_named(client: httpx.Client, user_id: str) -> None:
    answer = client.get(f"/users/{user_id}")
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == ["id"]
