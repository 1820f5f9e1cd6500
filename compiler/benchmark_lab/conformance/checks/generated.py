"""Requests that schemathesis draws from openapi.yaml, each answer held against what that says of the request."""

from __future__ import annotations

import asyncio
import dataclasses
import re
from collections.abc import Iterator, Sequence
from urllib.parse import parse_qs, unquote, urlsplit

from pydantic import JsonValue

from benchmark_lab.conformance.check import check
from benchmark_lab.conformance.checks.limits import JSON_LIMIT_BYTES
from benchmark_lab.conformance.client import Client
from benchmark_lab.conformance.contract import Operation
from benchmark_lab.conformance.database import User
from benchmark_lab.conformance.drawing import Drawn, draw
from benchmark_lab.conformance.fit import Fit, fit, text_fit, worst
from benchmark_lab.conformance.report import MismatchError
from benchmark_lab.conformance.response import Response
from benchmark_lab.conformance.schema import members, parse_json

_OF_EACH = 20
_OK, _CREATED, _UNREADABLE, _TOO_LARGE, _INVALID = 200, 201, 400, 413, 422
# What is about the request itself, or about the upstream; a 404 or a 409 is about the rows.
_REFUSALS = {_UNREADABLE, 401, 403, _TOO_LARGE, 415, _INVALID, 502, 504}
_KEYS_WITH_A_MEANING = ("fail-", "garbage-", "slow-")
_PART = re.compile(rb'form-data; name="([^"]*)"(; filename=)?')
_CONTROL = re.compile(rb"[\x00-\x1f\x7f]")


@check("echo-generated", depth="full")
async def echo_generated(client: Client) -> None:
    """Any items, any JSON instead of them, and bytes that are no JSON."""
    for drawn in await _draw(client, "postEcho"):
        await _ask(client, "postEcho", drawn)


@check("users-list-generated", depth="full")
async def users_list_generated(client: Client) -> None:
    """Any limit and offset, anything instead of them, and other parameters."""
    for drawn in await _draw(client, "listUsers"):
        await _ask(client, "listUsers", drawn)


@check("users-get-generated", depth="full")
async def users_get_generated(client: Client) -> None:
    """Any id, and any text instead of it."""
    for drawn in await _draw(client, "getUser"):
        await _ask(client, "getUser", drawn)


@check("users-create-generated", counts="database", depth="full")
async def users_create_generated(client: Client) -> None:
    """Any user, any JSON instead of it, and bytes that are no JSON; the rows are those of the users accepted."""
    before = await client.database.contents()
    created = 0
    for drawn in await _draw(client, "createUser"):
        client.remember(_json(drawn))
        response = await _ask(client, "createUser", drawn)
        if response.status == _CREATED:
            created += 1
            await _require_stored(client, response, drawn)
    after = await client.database.contents()
    if (after.users - before.users, after.events - before.events) != (created, created):
        raise MismatchError(f"{created} more users and events than {before}", str(after))


@check("users-replace-generated", counts="database", depth="full")
async def users_replace_generated(client: Client) -> None:
    """The same instead of a user that the checks made, and any text instead of its id."""
    user = await client.database.insert(client.user())
    operation = client.contract.operations["replaceUser"]
    for drawn in await _draw(client, "replaceUser"):
        client.remember(_json(drawn))
        target = drawn.target if _path_fit(operation, drawn) == "invalid" else f"/users/{user.id}"
        response = await _ask(client, "replaceUser", dataclasses.replace(drawn, target=target))
        if response.status == _OK:
            await _require_stored(client, response, drawn)


@check("external-generated", counts="upstream", depth="full")
async def external_generated(client: Client) -> None:
    """Any key, none, several, and other parameters; the upstream is called for those accepted."""
    before = await client.upstream.hits()
    accepted = 0
    for drawn in await _draw(client, "getExternal"):
        if not any(key.startswith(_KEYS_WITH_A_MEANING) for key in _query(drawn).get("key", [])):
            response = await _ask(client, "getExternal", drawn)
            accepted += response.status == _OK
    if (called := await client.upstream.hits() - before) != accepted:
        raise MismatchError(f"{accepted} calls of the upstream", f"{called} calls")


@check("protected-generated", depth="full")
async def protected_generated(client: Client) -> None:
    """Any search, anything instead of it, and any request id, with a valid token."""
    token = client.tokens.header()
    for drawn in await _draw(client, "getProtected"):
        await _ask(client, "getProtected", dataclasses.replace(drawn, headers={**drawn.headers, **token}))


@check("upload-generated", depth="full")
async def upload_generated(client: Client) -> None:
    """Forms with a file among parts of any name, forms with several or none, and bytes that are no form."""
    for drawn in await _draw(client, "postUpload"):
        await _ask(client, "postUpload", drawn)


async def _draw(client: Client, operation: str) -> Sequence[Drawn]:
    described = client.contract.operations[operation]
    seed = client.random.getrandbits(32)
    openapi = client.contract.text
    return await asyncio.to_thread(draw, openapi, described.path, described.method, seed=seed, of_each=_OF_EACH)


async def _ask(client: Client, operation: str, drawn: Drawn) -> Response:
    described = client.contract.operations[operation]
    response = await client.send(described.method, drawn.target, headers=drawn.headers, body=drawn.content)
    return client.hold(response, described, _expected(described, drawn), "drawn from openapi.yaml")


async def _require_stored(client: Client, response: Response, drawn: Drawn) -> None:
    """The answer, the request and the row must agree."""
    user, sent = response.read(User), members(_json(drawn))
    response.require({name: sent[name] for name in user.input()}, user.input(), "the members as sent,")
    response.require(user, await client.database.user(user.id), "the row in the database")


def _expected(operation: Operation, drawn: Drawn) -> set[int]:
    """The statuses that may answer a request: none that is not described, and 422 only where something is wrong."""
    accepted = operation.answers.keys() - _REFUSALS
    fits = [_path_fit(operation, drawn), *_query_fits(operation, drawn)]
    refusals = set() if worst(fits) == "valid" else {_INVALID}
    if drawn.content is not None:
        body, status = _body_fit(operation, drawn.content)
        refusals |= set() if body == "valid" else status
        fits.append(body)
    return refusals if worst(fits) == "invalid" else accepted | refusals


def _path_fit(operation: Operation, drawn: Drawn) -> Fit:
    """Where a path has a parameter, it is the last part."""
    text = unquote(urlsplit(drawn.target).path.rpartition("/")[2])
    return worst(text_fit(parameter.value, text) for parameter in operation.parameters_in("path"))


def _query_fits(operation: Operation, drawn: Drawn) -> Iterator[Fit]:
    """Of a parameter that is given several times a server may take any."""
    query = _query(drawn)
    for parameter in operation.parameters_in("query"):
        fits = {text_fit(parameter.value, text) for text in query.get(parameter.name, [])}
        if not fits:
            yield "invalid" if parameter.required else "valid"
        elif len(query[parameter.name]) == 1 or fits == {"invalid"}:
            yield worst(fits)
        else:
            yield "open"


def _body_fit(operation: Operation, content: bytes) -> tuple[Fit, set[int]]:
    """How a body fits, and what refuses it."""
    if operation.json_body is None:
        return _form_fit(content), {_UNREADABLE, _INVALID}
    if len(content) > JSON_LIMIT_BYTES:
        return "invalid", {_TOO_LARGE}
    try:
        value = parse_json(content)
    except ValueError:
        return "invalid", {_UNREADABLE}
    storable = not operation.path.startswith("/users") or _is_storable(value)
    return fit(operation.json_body, value) if storable else "invalid", {_INVALID}


def _form_fit(content: bytes) -> Fit:
    """A form with one file is valid; what else may be one is open, such as one with a control character in a name."""
    parts = _PART.findall(content)
    files = [filename for name, filename in parts if name == b"file"]
    if not files:
        return "invalid"
    return "valid" if len(files) == 1 and files[0] and not any(_CONTROL.search(name) for name, _ in parts) else "open"


def _is_storable(value: JsonValue) -> bool:
    return not isinstance(value, dict) or not any("\0" in str(value.get(name)) for name in ("email", "name"))


def _query(drawn: Drawn) -> dict[str, list[str]]:
    return parse_qs(urlsplit(drawn.target).query, keep_blank_values=True)


def _json(drawn: Drawn) -> JsonValue:
    """The body, None where it is no JSON."""
    try:
        return parse_json(drawn.content or b"")
    except ValueError:
        return None
