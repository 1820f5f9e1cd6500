"""`/users`: pages, single users, and writes that leave an audit event in the same transaction."""

from http import HTTPStatus
from typing import Annotated

from flask import Blueprint, request
from psycopg.errors import UniqueViolation
from psycopg.rows import DictRow
from pydantic import BaseModel, ConfigDict, Field
from werkzeug.exceptions import Conflict, NotFound

from app.bodies import read_json
from app.database import pool_of_app
from app.parameters import Integer

LIST = "SELECT id, email, name, age, active, created_at FROM users ORDER BY id LIMIT %s OFFSET %s"
GET = "SELECT id, email, name, age, active, created_at FROM users WHERE id = %s"
INSERT = (
    "INSERT INTO users (email, name, age, active) VALUES (%s, %s, %s, %s)"
    " RETURNING id, email, name, age, active, created_at"
)
REPLACE = (
    "UPDATE users SET email = %s, name = %s, age = %s, active = %s WHERE id = %s"
    " RETURNING id, email, name, age, active, created_at"
)
INSERT_CREATED = "INSERT INTO user_events (user_id, kind) VALUES (%s, 'created')"
INSERT_REPLACED = "INSERT INTO user_events (user_id, kind) VALUES (%s, 'replaced')"

NO_SUCH_USER = "There is no user with this id."
EMAIL_TAKEN = "Another user has this email."

blueprint = Blueprint("users", __name__)


class UserPath(BaseModel):
    """Which user."""

    id: Annotated[Integer, Field(ge=1, le=2**63 - 1)]


class PageQuery(BaseModel):
    """Which page."""

    limit: Annotated[Integer, Field(ge=1, le=100)] = 20
    offset: Annotated[Integer, Field(ge=0, le=1_000_000)] = 0


class UserInput(BaseModel):
    """What a client may say about a user; PostgreSQL's text cannot hold NUL."""

    model_config = ConfigDict(strict=True)

    email: str = Field(min_length=3, max_length=254, pattern=r"^[^@\s\x00]+@[^@\s\x00]+$")
    name: str = Field(min_length=1, max_length=100, pattern=r"^[^\x00]*$")
    age: int = Field(ge=0, le=150)
    active: bool


@blueprint.get("/users")
def list_users() -> dict[str, object]:
    """One page; past the end it is empty."""
    page = PageQuery.model_validate(request.args.to_dict())
    with pool_of_app().connection() as connection:
        rows = connection.execute(LIST, (page.limit, page.offset)).fetchall()
    return {"items": rows, "limit": page.limit, "offset": page.offset}


@blueprint.get("/users/<user_id>")
def get_user(user_id: str) -> DictRow:
    """One user, or 404."""
    path = UserPath.model_validate({"id": user_id})
    with pool_of_app().connection() as connection:
        row = connection.execute(GET, (path.id,)).fetchone()
    if row is None:
        raise NotFound(NO_SUCH_USER)
    return row


@blueprint.post("/users")
def create_user() -> tuple[DictRow, int, dict[str, str]]:
    """The stored user, or 409 where the email is taken."""
    user = read_json(request, UserInput)
    try:
        with pool_of_app().connection() as connection, connection.transaction():
            (row,) = connection.execute(INSERT, (user.email, user.name, user.age, user.active))
            connection.execute(INSERT_CREATED, (row["id"],))
    except UniqueViolation as error:
        raise Conflict(EMAIL_TAKEN) from error
    return row, HTTPStatus.CREATED, {"Location": f"/users/{row['id']}"}


@blueprint.put("/users/<user_id>")
def replace_user(user_id: str) -> DictRow:
    """The user as stored now, 404 where there is none, or 409 where another user has the email."""
    path = UserPath.model_validate({"id": user_id})
    user = read_json(request, UserInput)
    try:
        with pool_of_app().connection() as connection, connection.transaction():
            row = connection.execute(REPLACE, (user.email, user.name, user.age, user.active, path.id)).fetchone()
            if row is not None:
                connection.execute(INSERT_REPLACED, (path.id,))
    except UniqueViolation as error:
        raise Conflict(EMAIL_TAKEN) from error
    if row is None:
        raise NotFound(NO_SUCH_USER)
    return row
