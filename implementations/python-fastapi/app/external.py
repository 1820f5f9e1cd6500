"""`GET /external`: one call of the upstream for each request."""

import asyncio
from http import HTTPStatus
from typing import Annotated

import httpx
from fastapi import APIRouter, Depends, HTTPException, Query, Request
from pydantic import BaseModel, ConfigDict, ValidationError

TIMEOUT_S = 2.0

router = APIRouter()


def open_upstream(url: str) -> httpx.AsyncClient:
    """A client that keeps its connections alive."""
    return httpx.AsyncClient(
        base_url=url,
        timeout=None,  # noqa: S113  # TIMEOUT_S covers a call as a whole, httpx would time its steps
        # The number of requests in progress bounds the connections; httpx's own 20 idle ones would close the rest.
        limits=httpx.Limits(max_connections=None, max_keepalive_connections=None, keepalive_expiry=60.0),
        trust_env=False,  # no proxy that the environment may name
    )


async def upstream_of(request: Request) -> httpx.AsyncClient:
    """The client of this process."""
    client: httpx.AsyncClient = request.app.state.upstream
    return client


Upstream = Annotated[httpx.AsyncClient, Depends(upstream_of)]
Key = Annotated[str, Query(min_length=1, max_length=64)]


class UpstreamValue(BaseModel):
    """What the upstream must answer."""

    model_config = ConfigDict(strict=True)

    value: str


class External(BaseModel):
    """The upstream's value for the key."""

    key: str
    value: str


@router.get("/external")
async def get_external(upstream: Upstream, key: Key) -> External:
    """The value, 502 where the upstream failed, or 504 where it was silent for `TIMEOUT_S`."""
    try:
        async with asyncio.timeout(TIMEOUT_S):
            response = await upstream.get("/value", params={"key": key})
    except TimeoutError as error:
        raise HTTPException(HTTPStatus.GATEWAY_TIMEOUT, "The upstream did not answer in time.") from error
    except httpx.RequestError as error:
        raise HTTPException(HTTPStatus.BAD_GATEWAY, "The upstream could not be reached.") from error
    if response.status_code != HTTPStatus.OK:
        raise HTTPException(HTTPStatus.BAD_GATEWAY, f"The upstream answered {response.status_code}.")
    try:
        answer = UpstreamValue.model_validate_json(response.content)
    except ValidationError as error:
        raise HTTPException(HTTPStatus.BAD_GATEWAY, "The upstream did not answer with a value.") from error
    return External(key=key, value=answer.value)
