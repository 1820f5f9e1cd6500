"""POST /users and PUT /users/{id}, proven by the rows and events that they leave."""

from __future__ import annotations

from pydantic import JsonValue

from benchmark_lab.conformance.answer import Answer, as_json
from benchmark_lab.conformance.check import check
from benchmark_lab.conformance.database import User
from benchmark_lab.conformance.report import MismatchError
from benchmark_lab.conformance.schema import members
from benchmark_lab.conformance.session import LAST, Session, together

_PARALLEL = 16
_GREATEST_ID = 2**63 - 1


@check("users-create", counts="database")
async def users_create(session: Session) -> None:
    """Users on every boundary, many at once, and one whose event cannot be stored."""
    users = _users_on_edges(session)
    async with session.rows_added(users=len(users) + _PARALLEL, events=len(users) + _PARALLEL):
        for user in users:
            await _require_created(session, user)
        parallel = [session.user() for _ in range(_PARALLEL)]
        answers = await together(session.call("createUser", body=as_json(user), expect=201) for user in parallel)
        for user, answer in zip(parallel, answers, strict=True):
            await _require_stored(session, answer, user, "created")
    await _require_rollback(session, "POST", "/users")


@check("users-create-conflict", counts="database")
async def users_create_conflict(session: Session) -> None:
    """An email that is taken, and one that many want at the same time."""
    taken = await session.database.insert(session.user())
    async with session.nothing_stored():
        body = as_json(session.user() | {"email": taken.email})
        await session.call("createUser", body=body, expect=409, because="the email is taken")
    wanted = session.user()["email"]
    async with session.rows_added(users=1, events=1):
        answers = await together(
            session.call("createUser", body=as_json(session.user() | {"email": wanted}), expect=(201, 409))
            for _ in range(_PARALLEL)
        )
    created = sum(answer.status == 201 for answer in answers)  # noqa: PLR2004 -- a status
    answers[0].require(1, created, f"201s for {_PARALLEL} parallel requests with one email:")


@check("users-create-validation", counts="database")
async def users_create_validation(session: Session) -> None:
    """Every rule of UserInput broken."""
    async with session.nothing_stored():
        for case in session.invalid_bodies("createUser"):
            session.remember(case.value)
            await session.call("createUser", body=as_json(case.value), expect=422, because=str(case))
        for user in _users_with_nul(session):
            await session.call("createUser", body=as_json(user), expect=422, because="a NUL character")


@check("users-replace", counts="database")
async def users_replace(session: Session) -> None:
    """One user again and again, many at once, and one whose event cannot be stored."""
    user = await session.database.insert(session.user())
    others = await session.database.contents(without=user.id)
    replacements = _users_on_edges(session)
    for replacement in replacements:
        await _require_replaced(session, user, replacement)
    kinds = await session.database.events(user.id)
    if kinds != ["replaced"] * len(replacements):
        raise MismatchError(f"{len(replacements)} events of kind replaced", f"{kinds}")
    untouched = await session.database.contents(without=user.id)
    if (others.users, others.users_sum) != (untouched.users, untouched.users_sum):
        raise MismatchError(f"the other rows unchanged: {others}", str(untouched))
    several = [await session.database.insert(session.user()) for _ in range(_PARALLEL)]
    bodies = [session.user() for _ in several]
    async with session.rows_added(users=0, events=_PARALLEL):
        answers = await together(
            session.call("replaceUser", path={"id": one.id}, body=as_json(body), expect=200)
            for one, body in zip(several, bodies, strict=True)
        )
    for one, body, answer in zip(several, bodies, answers, strict=True):
        await _require_kept(session, answer, one, body)
    await _require_rollback(session, "PUT", f"/users/{user.id}")


@check("users-replace-missing", counts="database")
async def users_replace_missing(session: Session) -> None:
    """Valid ids without a row."""
    async with session.nothing_stored():
        for missing in (session.random.randint(2**40, 2**41), _GREATEST_ID):
            body = as_json(session.user())
            await session.call("replaceUser", path={"id": missing}, body=body, expect=404, because="no such user")


@check("users-replace-conflict", counts="database")
async def users_replace_conflict(session: Session) -> None:
    """Another user's email, and one's own."""
    user = await session.database.insert(session.user())
    other = await session.database.insert(session.user())
    async with session.nothing_stored():
        body = as_json(session.user() | {"email": other.email})
        await session.call("replaceUser", path={"id": user.id}, body=body, expect=409, because="another user's email")
    await _require_replaced(session, user, session.user() | {"email": user.email})


@check("users-replace-validation", counts="database")
async def users_replace_validation(session: Session) -> None:
    """Every rule of UserInput and of the id broken."""
    user = await session.database.insert(session.user())
    async with session.nothing_stored():
        for case in session.invalid_bodies("replaceUser"):
            session.remember(case.value)
            body = as_json(case.value)
            await session.call("replaceUser", path={"id": user.id}, body=body, expect=422, because=str(case))
        for invalid in _users_with_nul(session):
            body = as_json(invalid)
            await session.call("replaceUser", path={"id": user.id}, body=body, expect=422, because="a NUL character")
        for parameter in session.contract.operations["replaceUser"].parameters:
            for case in session.some(session.inputs.parameter_violations(parameter)):
                body = as_json(session.user())
                path = {parameter.name: str(case.value)}
                await session.call("replaceUser", path=path, body=body, expect=422, because=str(case))


def _users_on_edges(session: Session) -> list[dict[str, JsonValue]]:
    cases = session.some(session.inputs.edges(session.contract.body("createUser")))
    # The shortest emails are few: one may come twice.
    return [session.user(), *(members(case.value) for case in cases if session.remember(case.value))]


def _users_with_nul(session: Session) -> list[dict[str, JsonValue]]:
    return [session.user() | {name: "nul\0@within"} for name in ("email", "name")]


async def _require_created(session: Session, user: dict[str, JsonValue]) -> None:
    answer = await session.call("createUser", body=as_json(user), expect=201)
    await _require_stored(session, answer, user, "created")
    got = await session.call("getUser", path={"id": answer.read(User).id}, expect=200, because="it was created")
    got.require(answer.read(User), got.read(User), "the created user")


async def _require_replaced(session: Session, user: User, replacement: dict[str, JsonValue]) -> None:
    body = as_json(replacement)
    answer = await session.call("replaceUser", path={"id": user.id}, body=body, expect=200)
    await _require_kept(session, answer, user, replacement)


async def _require_kept(session: Session, answer: Answer, user: User, replacement: dict[str, JsonValue]) -> None:
    got = answer.read(User)
    kept = user.model_copy(update=replacement)
    answer.require(kept, got, "the same id and created_at with the members as sent:")
    await _require_stored(session, answer, replacement, "replaced")


async def _require_stored(session: Session, answer: Answer, member: dict[str, JsonValue], event: str) -> None:
    """The answer, the request, the row and its newest event must agree."""
    got = answer.read(User)
    answer.require(member, got.input(), "the members as sent,")
    answer.require(got, await session.database.user(got.id), "the row in the database")
    kinds = await session.database.events(got.id)
    answer.require([event], kinds[-1:], "the newest event")
    if event == "created":
        answer.require([event], kinds, "exactly one event")
        answer.require(f"/users/{got.id}", answer.headers["location"], "Location")
    if not await session.database.written_together(got.id):
        raise MismatchError("the row and its event in one transaction", "two transactions", answer.sent)


async def _require_rollback(session: Session, method: str, path: str) -> None:
    async with session.database.refusing_events(), session.nothing_stored():
        answer = await session.send(method, path, body=as_json(session.user()), headers=LAST)
        session.hold(answer, None, 500, "the INSERT into user_events fails")
