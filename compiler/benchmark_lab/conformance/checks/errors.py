"""Every answer: errors as problem details, and what counts as malformed, invalid or unknown."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus

from pydantic import JsonValue

from benchmark_lab.conformance.boundaries import BoundaryCase
from benchmark_lab.conformance.check import check
from benchmark_lab.conformance.client import LAST, Client
from benchmark_lab.conformance.database import User
from benchmark_lab.conformance.report import MismatchError
from benchmark_lab.conformance.response import Response, as_json
from benchmark_lab.conformance.schema import members

_GREATEST_ID = 2**63 - 1
_CHOSEN_YEAR = 2001
_CASES_IN_GATE = 12
# RFC 9110 renamed two phrases; standard libraries still say the older ones.
_OLDER_PHRASES = {413: {"Request Entity Too Large", "Payload Too Large"}, 422: {"Unprocessable Entity"}}
_PHRASES = {413: "Content Too Large", 422: "Unprocessable Content"}
_MALFORMED = {
    "empty": b"",
    "cut off": b'{"items": [',
    "a trailing comma": b'{"items": [],}',
    "single quotes": b"{'items': []}",
    "text behind it": b'{"items": []} x',
    "NaN": b'{"items": [], "more": NaN}',
}
_NO_OBJECTS: dict[str, JsonValue] = {"an array": [], "null": None, "a string": "text", "a number": 7}


@check("json-content-type")
async def json_content_type(client: Client) -> None:
    """The contract holds each answer's Content-Type; this asks the routes that need nothing else."""
    await client.call("getHealth", expect=200)
    await client.call("postEcho", body=as_json({"items": []}), expect=200)
    await client.call("listUsers", expect=200)


@check("problem-json", counts="database")
async def problem_json(client: Client) -> None:
    """Errors of the router, of validation, of a missing row, and of a statement that fails."""
    responses = [
        await client.request("GET", f"/{client.uuid()}", expect=404, because="no such route"),
        await client.request("DELETE", "/health", expect=405, because="no such method"),
        await client.call("postEcho", body=b"{", expect=400, because="malformed JSON"),
        await client.call("listUsers", query={"limit": 0}, expect=422, because="limit below its minimum"),
        await client.call("getUser", path={"id": _GREATEST_ID}, expect=404, because="no such user"),
        await client.call("getProtected", query={"q": "x"}, expect=401, because="no token"),
        await client.call("postUpload", body=b"{}", expect=415, because="not multipart"),
    ]
    if client.target.db_url:
        async with client.database.refusing_events(), client.nothing_stored():
            responses.append(await _create_in_vain(client))
    for response in responses:
        _require_problem(response)


@check("problem-errors", counts="database")
async def problem_errors(client: Client) -> None:
    """One invalid field at a time, and then several at once."""
    for operation in ("postEcho", "createUser"):
        schema = client.contract.body(operation)
        cases = (case for case in client.inputs.violations(schema) if case.field)
        for case in client.some(cases, at_most=_CASES_IN_GATE):
            response = await client.call(operation, body=as_json(case.value), expect=422, because=str(case))
            _require_fields(response, {case.field})
    for operation, place in (("listUsers", "query"), ("getUser", "path")):
        for parameter in client.contract.operations[operation].parameters:
            for case in client.some(client.inputs.parameter_violations(parameter)):
                parts = {place: {parameter.name: str(case.value)}}
                response = await client.call(
                    operation, path=parts.get("path"), query=parts.get("query"), expect=422, because=str(case)
                )
                _require_fields(response, {parameter.name})
    for fields, body in _doubly_wrong(client):
        response = await client.call("createUser", body=as_json(body), expect=422, because="two invalid fields")
        _require_fields(response, fields)
    response = await client.call(
        "listUsers", query={"limit": 0, "offset": -1}, expect=422, because="two invalid parameters"
    )
    _require_fields(response, {"limit", "offset"})


@check("malformed-json", counts="database")
async def malformed_json(client: Client) -> None:
    """What is no JSON is told from JSON that does not fit."""
    paths: dict[str, dict[str, str | int] | None] = {"postEcho": None, "createUser": None, "replaceUser": {"id": 1}}
    async with client.nothing_stored():
        for operation, path in paths.items():
            for what, content in _MALFORMED.items():
                await client.call(operation, path=path, body=content, expect=400, because=f"no JSON: {what}")
            for what, value in _NO_OBJECTS.items():
                await client.call(
                    operation, path=path, body=as_json(value), expect=422, because=f"JSON, but {what} and no object"
                )


@check("no-coercion", counts="database")
async def no_coercion(client: Client) -> None:
    """Each member with a value of each other type; and a number without a fraction, which is a number."""
    async with client.nothing_stored():
        for operation in ("postEcho", "createUser"):
            schema = client.contract.body(operation)
            wrong = (case for case in client.inputs.violations(schema) if case.wrong_type and case.field)
            for case in client.some(wrong):
                await client.call(operation, body=as_json(case.value), expect=422, because=str(case))
    item: JsonValue = {"id": 1, "name": "whole price", "price": 3, "quantity": 2, "tags": []}
    response = await client.call("postEcho", body=as_json({"items": [item]}), expect=200, because="3 is a number")
    response.require_body({"items": [item], "count": 1, "total": 6})


@check("unknown-members", counts="database")
async def unknown_members(client: Client) -> None:
    """Members that nobody declared change nothing, least of all a column that the client must not set."""
    item: dict[str, JsonValue] = {"id": 1, "name": "known", "price": 0.5, "quantity": 4, "tags": ["a"]}
    body: JsonValue = {"items": [item | {"colour": "red", "owner": {"id": 7}}], "count": 9, "more": [None]}
    response = await client.call("postEcho", body=as_json(body), expect=200, because="unknown members are ignored")
    response.require_body({"items": [item], "count": 1, "total": 2})
    if client.target.db_url:
        chosen: JsonValue = client.random.randint(2**40, 2**41)
        more: dict[str, JsonValue] = {"id": chosen, "created_at": f"{_CHOSEN_YEAR}-02-03T04:05:06Z", "role": "admin"}
        response = await client.call("createUser", body=as_json(client.user() | more), expect=201)
        created = response.read(User)
        response.require(created, await client.database.user(created.id), "the row in the database")
        if created.id == chosen or created.created_at.year == _CHOSEN_YEAR:
            raise MismatchError("an id and a created_at of the table's own", repr(created), response.sent)


@check("unknown-route")
async def unknown_route(client: Client) -> None:
    """Paths that are not in the contract, and every method that a path of it does not have."""
    for path in (f"/{client.uuid()}", f"/users/1/{client.uuid()}", f"/health/{client.uuid()}"):
        await client.request("GET", path, expect=404, because="an unknown path")
    known: dict[str, set[str]] = {}
    for operation in client.contract.operations.values():
        known.setdefault(operation.path.replace("{id}", "1"), set()).add(operation.method)
    for path, methods in known.items():
        for method in sorted({"GET", "POST", "PUT", "PATCH", "DELETE"} - methods):
            await client.request(method, path, expect=405, because="a known path, another method")


async def _create_in_vain(client: Client) -> Response:
    return client.hold(
        await client.send("POST", "/users", body=as_json(client.user()), headers=LAST),
        None,
        500,
        "the INSERT into user_events fails",
    )


def _require_problem(response: Response) -> None:
    problem = response.members
    response.require("about:blank", problem["type"], "type")
    response.require(response.status, problem["status"], "status")
    phrase = _PHRASES.get(response.status) or HTTPStatus(response.status).phrase
    if problem["title"] not in _OLDER_PHRASES.get(response.status, set()):
        response.require(phrase, problem["title"], "title")


def _require_fields(response: Response, fields: set[str]) -> None:
    problem = response.members
    errors = problem.get("errors")
    named = [str(error.get("field")) for error in errors if isinstance(error, dict)] if isinstance(errors, list) else []
    response.require(sorted(fields), sorted(named), "one entry in errors for each of the fields")


def _doubly_wrong(client: Client) -> Iterator[tuple[set[str], JsonValue]]:
    """Users with two invalid members: by value, and by type."""
    schema = client.contract.body("createUser")
    cases = [case for case in client.inputs.violations(schema) if case.field and case.rule != "missing"]
    for wrong_type in (False, True):
        by_field: dict[str, BoundaryCase] = {case.field: case for case in cases if case.wrong_type is wrong_type}
        fields = client.random.sample(sorted(by_field), 2)
        user = client.user()
        for field in fields:
            user[field] = members(by_field[field].value)[field]
        yield set(fields), user
