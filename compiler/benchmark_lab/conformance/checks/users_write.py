"""POST /users and PUT /users/{id}, proven by the rows and events that they leave."""

from __future__ import annotations

from pydantic import JsonValue

from benchmark_lab.conformance.check import check
from benchmark_lab.conformance.client import LAST, Client, together
from benchmark_lab.conformance.database import User
from benchmark_lab.conformance.report import MismatchError
from benchmark_lab.conformance.response import Response, as_json
from benchmark_lab.conformance.schema import members

_PARALLEL = 16
_GREATEST_ID = 2**63 - 1


@check("users-create", counts="database")
async def users_create(client: Client) -> None:
    """Users on every boundary, many at once, and one whose event cannot be stored."""
    users = _users_on_edges(client)
    async with client.rows_added(users=len(users) + _PARALLEL, events=len(users) + _PARALLEL):
        for user in users:
            await _require_created(client, user)
        parallel = [client.user() for _ in range(_PARALLEL)]
        responses = await together(client.call("createUser", body=as_json(user), expect=201) for user in parallel)
        for user, response in zip(parallel, responses, strict=True):
            await _require_stored(client, response, user, "created")
    await _require_rollback(client, "POST", "/users")


@check("users-create-conflict", counts="database")
async def users_create_conflict(client: Client) -> None:
    """An email that is taken, and one that many want at the same time."""
    taken = await client.database.insert(client.user())
    async with client.nothing_stored():
        body = as_json(client.user() | {"email": taken.email})
        await client.call("createUser", body=body, expect=409, because="the email is taken")
    wanted = client.user()["email"]
    async with client.rows_added(users=1, events=1):
        responses = await together(
            client.call("createUser", body=as_json(client.user() | {"email": wanted}), expect=(201, 409))
            for _ in range(_PARALLEL)
        )
    created = sum(response.status == 201 for response in responses)  # noqa: PLR2004 -- a status
    responses[0].require(1, created, f"201s for {_PARALLEL} parallel requests with one email:")


@check("users-create-validation", counts="database")
async def users_create_validation(client: Client) -> None:
    """Every rule of UserInput broken."""
    async with client.nothing_stored():
        for case in client.invalid_bodies("createUser"):
            client.remember(case.value)
            await client.call("createUser", body=as_json(case.value), expect=422, because=str(case))
        for user in _users_with_nul(client):
            await client.call("createUser", body=as_json(user), expect=422, because="a NUL character")


@check("users-replace", counts="database")
async def users_replace(client: Client) -> None:
    """One user again and again, many at once, and one whose event cannot be stored."""
    user = await client.database.insert(client.user())
    others = await client.database.contents(without=user.id)
    replacements = _users_on_edges(client)
    for replacement in replacements:
        await _require_replaced(client, user, replacement)
    kinds = await client.database.events(user.id)
    if kinds != ["replaced"] * len(replacements):
        raise MismatchError(f"{len(replacements)} events of kind replaced", f"{kinds}")
    untouched = await client.database.contents(without=user.id)
    if (others.users, others.users_sum) != (untouched.users, untouched.users_sum):
        raise MismatchError(f"the other rows unchanged: {others}", str(untouched))
    several = [await client.database.insert(client.user()) for _ in range(_PARALLEL)]
    bodies = [client.user() for _ in several]
    async with client.rows_added(users=0, events=_PARALLEL):
        responses = await together(
            client.call("replaceUser", path={"id": one.id}, body=as_json(body), expect=200)
            for one, body in zip(several, bodies, strict=True)
        )
    for one, body, response in zip(several, bodies, responses, strict=True):
        await _require_kept(client, response, one, body)
    await _require_rollback(client, "PUT", f"/users/{user.id}")


@check("users-replace-missing", counts="database")
async def users_replace_missing(client: Client) -> None:
    """Valid ids without a row."""
    async with client.nothing_stored():
        for missing in (client.random.randint(2**40, 2**41), _GREATEST_ID):
            body = as_json(client.user())
            await client.call("replaceUser", path={"id": missing}, body=body, expect=404, because="no such user")


@check("users-replace-conflict", counts="database")
async def users_replace_conflict(client: Client) -> None:
    """Another user's email, and one's own."""
    user = await client.database.insert(client.user())
    other = await client.database.insert(client.user())
    async with client.nothing_stored():
        body = as_json(client.user() | {"email": other.email})
        await client.call("replaceUser", path={"id": user.id}, body=body, expect=409, because="another user's email")
    await _require_replaced(client, user, client.user() | {"email": user.email})


@check("users-replace-validation", counts="database")
async def users_replace_validation(client: Client) -> None:
    """Every rule of UserInput and of the id broken."""
    user = await client.database.insert(client.user())
    async with client.nothing_stored():
        for case in client.invalid_bodies("replaceUser"):
            client.remember(case.value)
            body = as_json(case.value)
            await client.call("replaceUser", path={"id": user.id}, body=body, expect=422, because=str(case))
        for invalid in _users_with_nul(client):
            body = as_json(invalid)
            await client.call("replaceUser", path={"id": user.id}, body=body, expect=422, because="a NUL character")
        for parameter in client.contract.operations["replaceUser"].parameters:
            for case in client.some(client.inputs.parameter_violations(parameter)):
                body = as_json(client.user())
                path = {parameter.name: str(case.value)}
                await client.call("replaceUser", path=path, body=body, expect=422, because=str(case))


def _users_on_edges(client: Client) -> list[dict[str, JsonValue]]:
    cases = client.some(client.inputs.edges(client.contract.body("createUser")))
    # The shortest emails are few: one may come twice.
    return [client.user(), *(members(case.value) for case in cases if client.remember(case.value))]


def _users_with_nul(client: Client) -> list[dict[str, JsonValue]]:
    return [client.user() | {name: "nul\0@within"} for name in ("email", "name")]


async def _require_created(client: Client, user: dict[str, JsonValue]) -> None:
    response = await client.call("createUser", body=as_json(user), expect=201)
    await _require_stored(client, response, user, "created")
    got = await client.call("getUser", path={"id": response.read(User).id}, expect=200, because="it was created")
    got.require(response.read(User), got.read(User), "the created user")


async def _require_replaced(client: Client, user: User, replacement: dict[str, JsonValue]) -> None:
    body = as_json(replacement)
    response = await client.call("replaceUser", path={"id": user.id}, body=body, expect=200)
    await _require_kept(client, response, user, replacement)


async def _require_kept(client: Client, response: Response, user: User, replacement: dict[str, JsonValue]) -> None:
    got = response.read(User)
    kept = user.model_copy(update=replacement)
    response.require(kept, got, "the same id and created_at with the members as sent:")
    await _require_stored(client, response, replacement, "replaced")


async def _require_stored(client: Client, response: Response, member: dict[str, JsonValue], event: str) -> None:
    """The answer, the request, the row and its newest event must agree."""
    got = response.read(User)
    response.require(member, got.input(), "the members as sent,")
    response.require(got, await client.database.user(got.id), "the row in the database")
    kinds = await client.database.events(got.id)
    response.require([event], kinds[-1:], "the newest event")
    if event == "created":
        response.require([event], kinds, "exactly one event")
        response.require(f"/users/{got.id}", response.headers["location"], "Location")
    if not await client.database.written_together(got.id):
        raise MismatchError("the row and its event in one transaction", "two transactions", response.sent)


async def _require_rollback(client: Client, method: str, path: str) -> None:
    async with client.database.refusing_events(), client.nothing_stored():
        response = await client.send(method, path, body=as_json(client.user()), headers=LAST)
        client.hold(response, None, 500, "the INSERT into user_events fails")
