import json
import time
import uuid

import httpx
import jwt
import pytest
from app.main import create_app
from app.settings import Settings
from conftest import SECRET
from flask import Flask


def bearer(key: str | None = SECRET, algorithm: str = "HS256", **claims: object) -> dict[str, str]:
    known = {"sub": "alice", "aud": "tests", "exp": time.time() + 60, "scope": "openid read:protected"} | claims
    token = jwt.encode({name: value for name, value in known.items() if value is not None}, key, algorithm)
    return {"Authorization": f"Bearer {token}"}


def test_a_valid_token_is_answered_with_subject_query_id_and_middlewares(client: httpx.Client) -> None:
    answer = client.get("/protected?q=x&page=7", headers=bearer() | {"X-Request-Id": "an~id"})
    assert answer.json() == {
        "subject": "alice",
        "q": "x",
        "page": 7,
        "request_id": "an~id",
        "middlewares": [1, 2, 3],
    }
    assert answer.headers["x-request-id"] == "an~id"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Basic YTpi"},
        {"Authorization": "Bearer a.b.c"},
        bearer("another secret of thirty-two bytes or more"),
        bearer(SECRET * 2, "HS512"),
        bearer(None, "none"),
        bearer(exp=time.time() - 1),
        bearer(exp=None),
        bearer(sub=None),
        bearer(aud="others"),
        bearer(aud=None),
    ],
)
def test_without_a_valid_token_even_an_invalid_query_is_unauthorized(
    client: httpx.Client, headers: dict[str, str]
) -> None:
    answer = client.get("/protected", headers=headers)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert uuid.UUID(answer.headers["x-request-id"]).version == 4


@pytest.mark.parametrize("scope", [None, "", "openid", "read:protected2", ["read:protected"]])
def test_without_the_scope_even_an_invalid_query_is_forbidden(client: httpx.Client, scope: object) -> None:
    assert client.get("/protected", headers=bearer(scope=scope)).status_code == 403


@pytest.mark.parametrize(
    ("query", "fields"),
    [("", ["q"]), ("q=", ["q"]), ("q=x&page=0", ["page"]), ("q=x&page=1.0", ["page"]), ("page=1_0", ["q", "page"])],
)
def test_an_invalid_query_is_refused_field_by_field(client: httpx.Client, query: str, fields: list[str]) -> None:
    answer = client.get(f"/protected?{query}", headers=bearer())
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == fields


@pytest.mark.parametrize(("sent", "kept"), [("!" * 128, True), ("!" * 129, False), ("a b", False), ("", False)])
def test_only_visible_ascii_of_up_to_128_characters_is_a_request_id(
    client: httpx.Client, sent: str, kept: bool
) -> None:
    answer = client.get("/protected?q=x", headers=bearer() | {"X-Request-Id": sent})
    assert (answer.headers["x-request-id"] == sent) is kept
    assert answer.json()["request_id"] == answer.headers["x-request-id"]


def test_each_answer_of_this_route_alone_is_one_json_line(
    capsys: pytest.CaptureFixture[str], settings: Settings
) -> None:
    transport = httpx.WSGITransport(create_app(settings))  # made here, to log to the captured standard output
    with httpx.Client(transport=transport, base_url="http://api.test") as client:
        client.get("/health")
        client.get("/protected", headers={"X-Request-Id": "first"})
        client.get("/protected?q=x", headers=bearer())
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert list(first) == ["time", "level", "message", "request_id", "subject", "status", "duration_ms"]
    assert (first["level"], first["message"], first["request_id"]) == ("info", "protected", "first")
    assert (first["subject"], first["status"]) == (None, 401)
    assert (second["subject"], second["status"]) == ("alice", 200)


def test_a_failure_of_the_server_is_a_problem_that_carries_the_request_id(app: Flask, client: httpx.Client) -> None:
    del app.config["JWT_AUDIENCE"]
    answer = client.get("/protected", headers=bearer() | {"X-Request-Id": "failed"})
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-request-id"] == "failed"
