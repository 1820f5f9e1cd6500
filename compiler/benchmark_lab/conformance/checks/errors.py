"""Every answer: errors as problem details, and what counts as malformed, invalid or unknown."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus

from pydantic import JsonValue

from benchmark_lab.conformance.answer import Answer, as_json
from benchmark_lab.conformance.boundaries import Case
from benchmark_lab.conformance.check import check
from benchmark_lab.conformance.database import User
from benchmark_lab.conformance.report import MismatchError
from benchmark_lab.conformance.schema import members
from benchmark_lab.conformance.session import LAST, Session

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
async def json_content_type(session: Session) -> None:
    """The contract holds each answer's Content-Type; this asks the routes that need nothing else."""
    await session.call("getHealth", expect=200)
    await session.call("postEcho", body=as_json({"items": []}), expect=200)
    await session.call("listUsers", expect=200)


@check("problem-json", counts="database")
async def problem_json(session: Session) -> None:
    """Errors of the router, of validation, of a missing row, and of a statement that fails."""
    answers = [
        await session.request("GET", f"/{session.uuid()}", expect=404, because="no such route"),
        await session.request("DELETE", "/health", expect=405, because="no such method"),
        await session.call("postEcho", body=b"{", expect=400, because="malformed JSON"),
        await session.call("listUsers", query={"limit": 0}, expect=422, because="limit below its minimum"),
        await session.call("getUser", path={"id": _GREATEST_ID}, expect=404, because="no such user"),
        await session.call("getProtected", query={"q": "x"}, expect=401, because="no token"),
        await session.call("postUpload", body=b"{}", expect=415, because="not multipart"),
    ]
    if session.target.db_url:
        async with session.database.refusing_events(), session.nothing_stored():
            answers.append(await _create_in_vain(session))
    for answer in answers:
        _require_problem(answer)


@check("problem-errors", counts="database")
async def problem_errors(session: Session) -> None:
    """One invalid field at a time, and then several at once."""
    for operation in ("postEcho", "createUser"):
        schema = session.contract.body(operation)
        cases = (case for case in session.inputs.violations(schema) if case.field)
        for case in session.some(cases, at_most=_CASES_IN_GATE):
            answer = await session.call(operation, body=as_json(case.value), expect=422, because=str(case))
            _require_fields(answer, {case.field})
    for operation, place in (("listUsers", "query"), ("getUser", "path")):
        for parameter in session.contract.operations[operation].parameters:
            for case in session.some(session.inputs.parameter_violations(parameter)):
                parts = {place: {parameter.name: str(case.value)}}
                answer = await session.call(
                    operation, path=parts.get("path"), query=parts.get("query"), expect=422, because=str(case)
                )
                _require_fields(answer, {parameter.name})
    for fields, body in _doubly_wrong(session):
        answer = await session.call("createUser", body=as_json(body), expect=422, because="two invalid fields")
        _require_fields(answer, fields)
    answer = await session.call(
        "listUsers", query={"limit": 0, "offset": -1}, expect=422, because="two invalid parameters"
    )
    _require_fields(answer, {"limit", "offset"})


@check("malformed-json", counts="database")
async def malformed_json(session: Session) -> None:
    """What is no JSON is told from JSON that does not fit."""
    paths: dict[str, dict[str, str | int] | None] = {"postEcho": None, "createUser": None, "replaceUser": {"id": 1}}
    async with session.nothing_stored():
        for operation, path in paths.items():
            for what, content in _MALFORMED.items():
                await session.call(operation, path=path, body=content, expect=400, because=f"no JSON: {what}")
            for what, value in _NO_OBJECTS.items():
                await session.call(
                    operation, path=path, body=as_json(value), expect=422, because=f"JSON, but {what} and no object"
                )


@check("no-coercion", counts="database")
async def no_coercion(session: Session) -> None:
    """Each member with a value of each other type; and a number without a fraction, which is a number."""
    async with session.nothing_stored():
        for operation in ("postEcho", "createUser"):
            schema = session.contract.body(operation)
            wrong = (case for case in session.inputs.violations(schema) if case.wrong_type and case.field)
            for case in session.some(wrong):
                await session.call(operation, body=as_json(case.value), expect=422, because=str(case))
    item: JsonValue = {"id": 1, "name": "whole price", "price": 3, "quantity": 2, "tags": []}
    answer = await session.call("postEcho", body=as_json({"items": [item]}), expect=200, because="3 is a number")
    answer.require_body({"items": [item], "count": 1, "total": 6})


@check("unknown-members", counts="database")
async def unknown_members(session: Session) -> None:
    """Members that nobody declared change nothing, least of all a column that the client must not set."""
    item: dict[str, JsonValue] = {"id": 1, "name": "known", "price": 0.5, "quantity": 4, "tags": ["a"]}
    body: JsonValue = {"items": [item | {"colour": "red", "owner": {"id": 7}}], "count": 9, "more": [None]}
    answer = await session.call("postEcho", body=as_json(body), expect=200, because="unknown members are ignored")
    answer.require_body({"items": [item], "count": 1, "total": 2})
    if session.target.db_url:
        chosen: JsonValue = session.random.randint(2**40, 2**41)
        more: dict[str, JsonValue] = {"id": chosen, "created_at": f"{_CHOSEN_YEAR}-02-03T04:05:06Z", "role": "admin"}
        answer = await session.call("createUser", body=as_json(session.user() | more), expect=201)
        created = answer.read(User)
        answer.require(created, await session.database.user(created.id), "the row in the database")
        if created.id == chosen or created.created_at.year == _CHOSEN_YEAR:
            raise MismatchError("an id and a created_at of the table's own", repr(created), answer.sent)


@check("unknown-route")
async def unknown_route(session: Session) -> None:
    """Paths that are not in the contract, and every method that a path of it does not have."""
    for path in (f"/{session.uuid()}", f"/users/1/{session.uuid()}", f"/health/{session.uuid()}"):
        await session.request("GET", path, expect=404, because="an unknown path")
    known: dict[str, set[str]] = {}
    for operation in session.contract.operations.values():
        known.setdefault(operation.path.replace("{id}", "1"), set()).add(operation.method)
    for path, methods in known.items():
        for method in sorted({"GET", "POST", "PUT", "PATCH", "DELETE"} - methods):
            await session.request(method, path, expect=405, because="a known path, another method")


async def _create_in_vain(session: Session) -> Answer:
    return session.hold(
        await session.send("POST", "/users", body=as_json(session.user()), headers=LAST),
        None,
        500,
        "the INSERT into user_events fails",
    )


def _require_problem(answer: Answer) -> None:
    problem = answer.members
    answer.require("about:blank", problem["type"], "type")
    answer.require(answer.status, problem["status"], "status")
    phrase = _PHRASES.get(answer.status) or HTTPStatus(answer.status).phrase
    if problem["title"] not in _OLDER_PHRASES.get(answer.status, set()):
        answer.require(phrase, problem["title"], "title")


def _require_fields(answer: Answer, fields: set[str]) -> None:
    problem = answer.members
    errors = problem.get("errors")
    named = [str(error.get("field")) for error in errors if isinstance(error, dict)] if isinstance(errors, list) else []
    answer.require(sorted(fields), sorted(named), "one entry in errors for each of the fields")


def _doubly_wrong(session: Session) -> Iterator[tuple[set[str], JsonValue]]:
    """Users with two invalid members: by value, and by type."""
    schema = session.contract.body("createUser")
    cases = [case for case in session.inputs.violations(schema) if case.field and case.rule != "missing"]
    for wrong_type in (False, True):
        by_field: dict[str, Case] = {case.field: case for case in cases if case.wrong_type is wrong_type}
        fields = session.random.sample(sorted(by_field), 2)
        user = session.user()
        for field in fields:
            user[field] = members(by_field[field].value)[field]
        yield set(fields), user
