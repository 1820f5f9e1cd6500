"""GET /protected: the request's identifier in the answer and in the log."""

from __future__ import annotations

import asyncio
import json
import re
import string
from collections.abc import Callable, Iterable
from datetime import datetime

from pydantic import JsonValue

from benchmark_lab.conformance.answer import Answer
from benchmark_lab.conformance.check import check
from benchmark_lab.conformance.report import MismatchError
from benchmark_lab.conformance.session import Session

_VISIBLE = string.ascii_letters + string.digits + string.punctuation
_UUID = re.compile(r"[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
_LONGEST = 128
_OTHER_REQUESTS = 10
_LOG_SETTLES_S = 0.3
_LOG_PATIENCE_S = 3.0
_LOG_MEMBERS = ("level", "message", "request_id", "subject", "status")


@check("request-id")
async def request_id(session: Session) -> None:
    """Identifiers to keep, identifiers to replace, and both with errors."""
    kept = ["x", _VISIBLE, "".join(session.random.choices(_VISIBLE, k=_LONGEST)), session.uuid()]
    for identifier in kept:
        answer = await _ask(session, {"X-Request-Id": identifier})
        answer.require((identifier, identifier), _identifiers(answer), "X-Request-Id in header and body")
    replaced = ["", "a b", "é", "x" * (_LONGEST + 1)]
    invented = set()
    for headers in ({}, {}, *({"X-Request-Id": identifier} for identifier in replaced)):
        answer = await _ask(session, headers)
        header, body = _identifiers(answer)
        if header != body or not _UUID.fullmatch(header):
            raise MismatchError("a new UUID in header and body", f"{header!r} and {body!r}", answer.sent)
        invented.add(header)
    if len(invented) != len(replaced) + 2:
        raise MismatchError("a new UUID for each request", "one of them twice")
    identifier = session.uuid()
    for status, headers, query in _errors(session):
        answer = await session.call(
            "getProtected", query=query, headers=headers | {"X-Request-Id": identifier}, expect=status
        )
        answer.require(identifier, answer.headers.get("x-request-id"), f"X-Request-Id with {status}")


@check("log-line")
async def log_line(session: Session) -> None:
    """One line for each answer of this route, errors too, and none for another route."""
    log = session.server_log
    before = len(log().splitlines())
    for _ in range(_OTHER_REQUESTS):
        await session.call("getHealth", expect=200)
        await session.call("listUsers", expect=200)
    await asyncio.sleep(_LOG_SETTLES_S)
    if (written := len(log().splitlines()) - before) >= _OTHER_REQUESTS:
        raise MismatchError(f"no log line a request for {2 * _OTHER_REQUESTS} requests", f"{written} lines")
    granted: tuple[int, dict[str, str], dict[str, str | int]] = (200, session.tokens.header(), {"q": "x"})
    for status, headers, query in (granted, *_errors(session)):
        identifier = session.uuid()
        skip = len(log().splitlines())
        await session.call("getProtected", query=query, headers=headers | {"X-Request-Id": identifier}, expect=status)
        line = await _line_of(identifier, log, skip)
        subject = "conformance" if headers else None
        expected = ("info", "protected", identifier, subject, status)
        got = tuple(line.get(name, "(missing)") for name in _LOG_MEMBERS)
        if got != expected:
            raise MismatchError(f"a line with {', '.join(_LOG_MEMBERS)} {expected}", f"{got}")
        if not isinstance(line.get("duration_ms"), int | float) or not _is_instant(line.get("time")):
            raise MismatchError("a number duration_ms and an RFC 3339 time", json.dumps(line))


def _errors(session: Session) -> list[tuple[int, dict[str, str], dict[str, str | int]]]:
    return [
        (401, {}, {"q": "x"}),
        (403, session.tokens.header(scope="read:other"), {"q": "x"}),
        (422, session.tokens.header(), {}),
    ]


async def _ask(session: Session, headers: dict[str, str]) -> Answer:
    return await session.call("getProtected", query={"q": "x"}, headers=session.tokens.header() | headers, expect=200)


def _identifiers(answer: Answer) -> tuple[str, str]:
    return answer.headers["x-request-id"], str(answer.members["request_id"])


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
