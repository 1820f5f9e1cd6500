import asyncio
from collections.abc import Callable

import httpx
import pytest
from fastapi import FastAPI

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("style", ["documented", "lean"])]

Upstream = Callable[[httpx.Request], httpx.Response]


def serve(app: FastAPI, upstream: Upstream) -> None:
    app.state.upstream = httpx.AsyncClient(transport=httpx.MockTransport(upstream), base_url="http://upstream.test")


async def test_the_upstreams_value_is_passed_on_unchanged_after_one_call(
    app: FastAPI, client: httpx.AsyncClient
) -> None:
    keys: list[str] = []

    def upstream(request: httpx.Request) -> httpx.Response:
        keys.append(request.url.params["key"])
        return httpx.Response(200, json={"key": "any", "value": " é "})

    serve(app, upstream)
    answer = await client.get("/external", params={"key": "a&b=ü"})
    assert answer.json() == {"key": "a&b=ü", "value": " é "}
    assert keys == ["a&b=ü"]


@pytest.mark.parametrize(
    "response",
    [
        httpx.Response(500, json={"value": "v"}),
        httpx.Response(201, json={"value": "v"}),
        httpx.Response(200, text="garbage"),
        httpx.Response(200, json={"value": 1}),
        httpx.Response(200, json={}),
    ],
)
async def test_an_answer_that_is_no_value_is_a_bad_gateway(
    app: FastAPI, client: httpx.AsyncClient, response: httpx.Response
) -> None:
    serve(app, lambda _request: response)
    assert (await client.get("/external?key=k")).status_code == 502


async def test_an_upstream_that_cannot_be_reached_is_a_bad_gateway(app: FastAPI, client: httpx.AsyncClient) -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    serve(app, refuse)
    assert (await client.get("/external?key=k")).status_code == 502


async def test_a_silent_upstream_is_a_gateway_timeout(app: FastAPI, client: httpx.AsyncClient) -> None:
    async def sleep(_request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(60)
        return httpx.Response(200)

    app.state.upstream = httpx.AsyncClient(transport=httpx.MockTransport(sleep), base_url="http://upstream.test")
    assert (await client.get("/external?key=k")).status_code == 504


@pytest.mark.parametrize("query", ["", "key=", f"key={'k' * 65}"])
async def test_an_invalid_key_is_refused_without_a_call(app: FastAPI, client: httpx.AsyncClient, query: str) -> None:
    def never(_request: httpx.Request) -> httpx.Response:
        pytest.fail("the upstream was called")

    serve(app, never)
    answer = await client.get(f"/external?{query}")
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == ["key"]
