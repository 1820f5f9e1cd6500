"""GET /protected: the request's identifier in the answer and in the log."""

from __future__ import annotations

import asyncio
import json
import re
import string
from collections.abc import Callable, Iterable
from datetime import datetime

from pydantic import JsonValue

from benchmark_lab.conformance.check import check
from benchmark_lab.conformance.client import Client
from benchmark_lab.conformance.report import MismatchError
from benchmark_lab.conformance.response import Response

_VISIBLE = string.ascii_letters + string.digits + string.punctuation
_UUID = re.compile(r"[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
_LONGEST = 128
_OTHER_REQUESTS = 10
_LOG_SETTLES_S = 0.3
_LOG_PATIENCE_S = 3.0
_LOG_MEMBERS = ("level", "message", "request_id", "subject", "status")


@check("request-id")
async def request_id(client: Client) -> None:
    """Identifiers to keep, identifiers to replace, and both with errors."""
    kept = ["x", _VISIBLE, "".join(client.random.choices(_VISIBLE, k=_LONGEST)), client.uuid()]
    for identifier in kept:
        response = await _ask(client, {"X-Request-Id": identifier})
        response.require((identifier, identifier), _identifiers(response), "X-Request-Id in header and body")
    replaced = ["", "a b", "é", "x" * (_LONGEST + 1)]
    invented = set()
    for headers in ({}, {}, *({"X-Request-Id": identifier} for identifier in replaced)):
        response = await _ask(client, headers)
        header, body = _identifiers(response)
        if header != body or not _UUID.fullmatch(header):
            raise MismatchError("a new UUID in header and body", f"{header!r} and {body!r}", response.sent)
        invented.add(header)
    if len(invented) != len(replaced) + 2:
        raise MismatchError("a new UUID for each request", "one of them twice")
    identifier = client.uuid()
    for status, headers, query in _errors(client):
        response = await client.call(
            "getProtected", query=query, headers=headers | {"X-Request-Id": identifier}, expect=status
        )
        response.require(identifier, response.headers.get("x-request-id"), f"X-Request-Id with {status}")


@check("log-line")
async def log_line(client: Client) -> None:
    """One line for each answer of this route, errors too, and none for another route."""
    log = client.server_log
    before = len(log().splitlines())
    for _ in range(_OTHER_REQUESTS):
        await client.call("getHealth", expect=200)
        await client.call("listUsers", expect=200)
    await asyncio.sleep(_LOG_SETTLES_S)
    if (written := len(log().splitlines()) - before) >= _OTHER_REQUESTS:
        raise MismatchError(f"no log line a request for {2 * _OTHER_REQUESTS} requests", f"{written} lines")
    granted: tuple[int, dict[str, str], dict[str, str | int]] = (200, client.tokens.header(), {"q": "x"})
    for status, headers, query in (granted, *_errors(client)):
        identifier = client.uuid()
        skip = len(log().splitlines())
        await client.call("getProtected", query=query, headers=headers | {"X-Request-Id": identifier}, expect=status)
        line = await _line_of(identifier, log, skip)
        subject = "conformance" if headers else None
        expected = ("info", "protected", identifier, subject, status)
        got = tuple(line.get(name, "(missing)") for name in _LOG_MEMBERS)
        if got != expected:
            raise MismatchError(f"a line with {', '.join(_LOG_MEMBERS)} {expected}", f"{got}")
        if not isinstance(line.get("duration_ms"), int | float) or not _is_instant(line.get("time")):
            raise MismatchError("a number duration_ms and an RFC 3339 time", json.dumps(line))


def _errors(client: Client) -> list[tuple[int, dict[str, str], dict[str, str | int]]]:
    return [
        (401, {}, {"q": "x"}),
        (403, client.tokens.header(scope="read:other"), {"q": "x"}),
        (422, client.tokens.header(), {}),
    ]


async def _ask(client: Client, headers: dict[str, str]) -> Response:
    return await client.call("getProtected", query={"q": "x"}, headers=client.tokens.header() | headers, expect=200)


def _identifiers(response: Response) -> tuple[str, str]:
    return response.headers["x-request-id"], str(response.members["request_id"])


async def _line_of(identifier: str, log: Callable[[], str], skip: int) -> dict[str, JsonValue]:
    """The only line about a request behind the first `skip`; a server may write it a little after its answer."""
    for _ in range(30):
        lines = [line for line in _objects(log().splitlines()[skip:]) if line.get("request_id") == identifier]
        if lines:
            break
        await asyncio.sleep(_LOG_PATIENCE_S / 30)
    if len(lines) != 1:
        raise MismatchError(f"one JSON line about request {identifier}", f"{len(lines)} lines")
    return lines[0]


def _objects(lines: Iterable[str]) -> list[dict[str, JsonValue]]:
    found = []
    for line in lines:
        try:
            value = json.loads(line)
        except ValueError:
            continue
        if isinstance(value, dict):
            found.append(value)
    return found


def _is_instant(value: JsonValue) -> bool:
    try:
        return isinstance(value, str) and datetime.fromisoformat(value.upper()).tzinfo is not None
    except ValueError:
        return False
