"""Sends requests, and holds every answer against the contract before a check sees it."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Collection, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import TypeVar
from urllib.parse import quote, urlencode
from uuid import UUID

import httpx
from pydantic import JsonValue

from benchmark_lab.conformance.boundaries import BoundaryCase, Inputs
from benchmark_lab.conformance.contract import Contract, Operation
from benchmark_lab.conformance.database import Database
from benchmark_lab.conformance.report import Depth, MismatchError, NotVisibleError
from benchmark_lab.conformance.response import SHOWN, Response, clip
from benchmark_lab.conformance.sut import Sut
from benchmark_lab.conformance.tokens import Tokens
from benchmark_lab.conformance.upstream import Upstream

Body = bytes | AsyncIterable[bytes]
Query = Mapping[str, str | int]
Given = TypeVar("Given")
T = TypeVar("T")

_TIMEOUT_S = 5.0


LAST = {"Connection": "close"}
"""For a request that is too large, or fails: a server may close that connection, which no later request shall meet."""


@dataclass(frozen=True, slots=True)
class Client:
    """What a check works with; each check has a random source of its own."""

    target: Sut
    contract: Contract
    client: httpx.AsyncClient
    depth: Depth
    random: random.Random
    _database: Database | None
    _upstream: Upstream | None
    _emails: set[str]
    """Of every user that the checks made up."""
    _sent: list[str] = field(default_factory=list)

    @property
    def inputs(self) -> Inputs:
        """Generated inputs."""
        return Inputs(self.random)

    @property
    def database(self) -> Database:
        """The database behind the server."""
        return _given(self._database, "--db-url")

    @property
    def upstream(self) -> Upstream:
        """The upstream that the server calls."""
        return _given(self._upstream, "--upstream-url")

    @property
    def tokens(self) -> Tokens:
        """The issuer of the tokens that the server accepts."""
        return Tokens(_given(self.target.jwt_secret, "--jwt-secret-env"), self.target.jwt_audience)

    @property
    def server_log(self) -> Callable[[], str]:
        """Reads what the server has written to standard output so far."""
        return _given(self.target.server_log, "--server-log")

    @property
    def server_memory(self) -> Callable[[], int]:
        """Reads the resident memory of the server's processes, in bytes."""
        return _given(self.target.server_memory, "--server-pid")

    @property
    def last_sent(self) -> str | None:
        """The newest request, for failures that no single answer shows."""
        return self._sent[-1] if self._sent else None

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[Client]:
        """The same with one connection that nothing else uses."""
        limits = httpx.Limits(max_connections=1, max_keepalive_connections=1)
        async with httpx.AsyncClient(trust_env=False, timeout=None, limits=limits) as client:  # noqa: S113 -- asyncio.timeout ends each request
            yield replace(self, client=client)

    def thorough(self, often: int, seldom: int) -> int:
        """How often to repeat: `often` in depth full, `seldom` in the gate."""
        return often if self.depth == "full" else seldom

    def some(self, cases: Iterable[BoundaryCase], at_most: int | None = None) -> list[BoundaryCase]:
        """All cases in depth full; in the gate one of each rule, at a random field, and so many of these."""
        drawn = list(cases)
        if self.depth == "full":
            return drawn
        self.random.shuffle(drawn)
        return list({case.rule: case for case in drawn}.values())[:at_most]

    def invalid_bodies(self, operation: str) -> list[BoundaryCase]:
        """Bodies that an operation must refuse; in the gate not for their types, which no-coercion covers there."""
        cases = self.inputs.violations(self.contract.body(operation))
        return self.some(case for case in cases if self.depth == "full" or not case.wrong_type)

    def user(self) -> dict[str, JsonValue]:
        """A new valid user; its email is remembered and removed at the end."""
        user = self.inputs.members(self.contract.body("createUser"))
        self.remember(user)
        return user

    def remember(self, user: JsonValue) -> bool:
        """Has the user of this email removed at the end; False for an email that was drawn before."""
        email = str(user.get("email")) if isinstance(user, dict) else ""
        new = email not in self._emails
        self._emails.add(email)
        return new

    def uuid(self) -> str:
        """A new UUID."""
        return str(UUID(int=self.random.getrandbits(128), version=4))

    @asynccontextmanager
    async def nothing_stored(self) -> AsyncIterator[None]:
        """Fails where the block changes either table; without a database it cannot tell."""
        before = await self._database.contents() if self._database else None
        yield
        after = await self._database.contents() if self._database else None
        if before != after:
            raise MismatchError(f"the tables as before these requests: {before}", str(after))

    @asynccontextmanager
    async def rows_added(self, *, users: int, events: int) -> AsyncIterator[None]:
        """Fails unless the block adds exactly so many rows."""
        before = await self.database.contents()
        yield
        after = await self.database.contents()
        added = (after.users - before.users, after.events - before.events)
        if added != (users, events):
            expected = f"{users} new rows in users and {events} in user_events"
            raise MismatchError(expected, f"{added[0]} and {added[1]}")

    async def call(
        self,
        operation: str,
        *,
        expect: int | Collection[int],
        because: str = "",
        path: Query | None = None,
        query: Query | None = None,
        headers: Mapping[str, str] | None = None,
        body: Body | None = None,
        timeout_s: float = _TIMEOUT_S,
    ) -> Response:
        """Calls an operation of the contract.

        The status must be an expected one, and the answer what the contract describes for it.
        """
        described = self.contract.operations[operation]
        filled = described.path.format(**{name: quote(str(text), safe="") for name, text in (path or {}).items()})
        answer = await self.send(described.method, filled, query=query, headers=headers, body=body, timeout_s=timeout_s)
        return self.hold(answer, described, expect, because)

    async def request(self, method: str, path: str, *, expect: int, because: str = "") -> Response:
        """Sends what is in no contract; the answer must be a problem of this status."""
        return self.hold(await self.send(method, path), None, expect, because)

    def hold(
        self, answer: Response, operation: Operation | None, expect: int | Collection[int], because: str = ""
    ) -> Response:
        """Holds an answer against the expected status and the contract; a status not described there is a problem."""
        expected = (expect,) if isinstance(expect, int) else expect
        reason = f" ({because})" if because else ""
        if answer.status not in expected:
            raise MismatchError(f"status {' or '.join(map(str, expected))}{reason}", str(answer), answer.sent)
        described = operation.answers.get(answer.status) if operation else None
        departures = list((described or self.contract.problem).departures(answer.headers, answer.content))
        if departures:
            expected_shape = f"what openapi.yaml describes for {answer.status}{reason}: {'; '.join(departures)}"
            raise MismatchError(expected_shape, str(answer), answer.sent)
        return answer

    async def send(
        self,
        method: str,
        path: str,
        *,
        query: Query | None = None,
        headers: Mapping[str, str] | None = None,
        body: Body | None = None,
        timeout_s: float = _TIMEOUT_S,
    ) -> Response:
        """Sends one request and reads the whole answer, within `timeout_s` altogether."""
        if query:
            path = f"{path}?{urlencode(query, quote_via=quote)}"
        sent = _shown(method, path, headers or {}, body)
        self._sent.append(sent)
        kind = {"Content-Type": "application/json"} if isinstance(body, bytes) else {}
        request = self.client.build_request(
            method,
            f"{self.target.base_url.rstrip('/')}{path}",
            headers=[(name.encode(), text.encode()) for name, text in {**kind, **(headers or {})}.items()],
            content=body,
        )
        started = time.monotonic()
        try:
            async with asyncio.timeout(timeout_s):
                response = await self.client.send(request, stream=True)
                try:
                    port = _client_port(response)
                    content = await response.aread()
                finally:
                    await response.aclose()
        except TimeoutError:
            raise MismatchError("an answer", f"none within {timeout_s:g} s", sent) from None
        except httpx.HTTPError as error:
            raise MismatchError("an answer", f"none: {error!r}", sent) from error
        return Response(sent, response.status_code, response.headers, content, time.monotonic() - started, port)


async def together(calls: Iterable[Awaitable[T]]) -> list[T]:
    """Awaits all at once and all to their end, so that no request outlives its check; the first failure counts."""
    outcomes = await asyncio.gather(*calls, return_exceptions=True)
    for outcome in outcomes:
        if isinstance(outcome, BaseException):
            raise outcome
    return [outcome for outcome in outcomes if not isinstance(outcome, BaseException)]


def _given(means: Given | None, option: str) -> Given:
    if means is None:
        raise NotVisibleError(f"cannot be seen without {option}")
    return means


def _client_port(response: httpx.Response) -> int:
    """The port of this end: only while the answer is being read is the connection sure to be open."""
    _, port, *_ = response.extensions["network_stream"].get_extra_info("client_addr")
    return int(port)


def _shown(method: str, path: str, headers: Mapping[str, str], body: Body | None) -> str:
    said = " ".join(f"{name}: {'…' if name == 'Authorization' else value}" for name, value in headers.items())
    match body:
        case None:
            content = ""
        case bytes():
            text = clip(body[: 4 * SHOWN].decode(errors="replace"))
            content = text if len(body) <= SHOWN else f"{text} ({len(body)} bytes)"
        case _:
            content = "(a streamed body)"
    return " ".join(part for part in (method, clip(path), clip(said), content) if part)
