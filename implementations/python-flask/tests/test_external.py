from collections.abc import Iterator

import httpx
import pytest
from app.main import create_app
from app.settings import Settings
from conftest import Upstream


@pytest.fixture
def client(settings: Settings, upstream: Upstream) -> Iterator[httpx.Client]:
    app = create_app(settings.model_copy(update={"upstream_url": upstream.url}))
    with httpx.Client(transport=httpx.WSGITransport(app), base_url="http://api.test") as client:
        yield client


def test_the_upstreams_value_is_passed_on_unchanged_after_one_call(client: httpx.Client, upstream: Upstream) -> None:
    upstream.body = '{"key": "any", "value": " é "}'.encode()
    answer = client.get("/external", params={"key": "a&b=ü"})
    assert answer.json() == {"key": "a&b=ü", "value": " é "}
    assert [dict(httpx.URL(path).params) for path in upstream.paths] == [{"key": "a&b=ü"}]


def test_calls_one_after_the_other_share_a_connection(client: httpx.Client, upstream: Upstream) -> None:
    for _ in range(3):
        assert client.get("/external?key=k").status_code == 200
    assert len(upstream.clients) == 1


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, b'{"value": "v"}'),
        (201, b'{"value": "v"}'),
        (302, b'{"value": "v"}'),
        (200, b"garbage"),
        (200, b'{"value": 1}'),
        (200, b"{}"),
    ],
)
def test_an_answer_that_is_no_value_is_a_bad_gateway(
    client: httpx.Client, upstream: Upstream, status: int, body: bytes
) -> None:
    upstream.status, upstream.body = status, body
    assert client.get("/external?key=k").status_code == 502


def test_an_upstream_that_cannot_be_reached_is_a_bad_gateway(settings: Settings) -> None:
    with httpx.Client(transport=httpx.WSGITransport(create_app(settings)), base_url="http://api.test") as client:
        assert client.get("/external?key=k").status_code == 502


def test_a_silent_upstream_is_a_gateway_timeout(client: httpx.Client, upstream: Upstream) -> None:
    upstream.released.clear()
    assert client.get("/external?key=k").status_code == 504


@pytest.mark.parametrize("query", ["", "key=", f"key={'k' * 65}"])
def test_an_invalid_key_is_refused_without_a_call(client: httpx.Client, upstream: Upstream, query: str) -> None:
    answer = client.get(f"/external?{query}")
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == ["key"]
    assert upstream.paths == []
