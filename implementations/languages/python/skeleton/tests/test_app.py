import asyncio
import json
from http import HTTPStatus
from typing import Any

import pytest
from app.main import Message, create_app
from app.settings import SettingsError, read_settings

ENVIRONMENT = {
    "WORKERS": "3",
    "DATABASE_URL": "postgresql://127.0.0.1:1/nothing",
    "DB_POOL_TOTAL": "16",
    "UPSTREAM_URL": "http://127.0.0.1:1",
    "JWT_SECRET": "a secret of the tests alone, of more than 32 bytes",
    "JWT_AUDIENCE": "tests",
}


def ask(method: str, path: str) -> tuple[int, str, dict[str, Any]]:
    """Status, media type and document of the application's answer."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request", "body": b""}

    app = create_app(read_settings(ENVIRONMENT))
    asyncio.run(app({"type": "http", "method": method, "path": path}, receive, send))
    start, body = sent
    return start["status"], dict(start["headers"])[b"content-type"].decode(), json.loads(body["body"])


def test_a_process_that_serves_is_healthy() -> None:
    assert ask("GET", "/health") == (200, "application/json", {"status": "ok"})


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing", 404),
        ("GET", "/users/1/events", 404),
        ("DELETE", "/users/1", 405),
        ("HEAD", "/health", 405),
        ("POST", "/echo", 501),
    ],
)
def test_an_error_is_a_problem(method: str, path: str, status: int) -> None:
    answered, media_type, document = ask(method, path)
    assert answered == document["status"] == status
    assert media_type == "application/problem+json"
    assert document["type"] == "about:blank"
    assert document["title"] == HTTPStatus(status).phrase
    assert document["detail"]


@pytest.mark.parametrize(("total", "size"), [("16", 5), ("3", 1), ("2", 1)])
def test_a_process_gets_its_share_of_the_connections_and_at_least_one(total: str, size: int) -> None:
    assert read_settings({**ENVIRONMENT, "DB_POOL_TOTAL": total}).pool_size == size


@pytest.mark.parametrize(
    ("name", "value"), [("WORKERS", "0"), ("DB_POOL_TOTAL", "many"), ("JWT_SECRET", ""), ("LOG_LEVEL", "loud")]
)
def test_a_wrong_setting_is_named(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name):
        read_settings({**ENVIRONMENT, name: value})
