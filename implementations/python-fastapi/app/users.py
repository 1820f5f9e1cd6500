"""`/users`: pages, single users, and writes that leave an audit event in the same transaction."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated

from asyncpg import UniqueViolationError
from fastapi import APIRouter, HTTPException, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from app.bodies import JsonRoute
from app.database import Database
from app.parameters import Integer

LIST = "SELECT id, email, name, age, active, created_at FROM users ORDER BY id LIMIT $1 OFFSET $2"
GET = "SELECT id, email, name, age, active, created_at FROM users WHERE id = $1"
INSERT = (
    "INSERT INTO users (email, name, age, active) VALUES ($1, $2, $3, $4)"
    " RETURNING id, email, name, age, active, created_at"
)
REPLACE = (
    "UPDATE users SET email = $2, name = $3, age = $4, active = $5 WHERE id = $1"
    " RETURNING id, email, name, age, active, created_at"
)
INSERT_CREATED = "INSERT INTO user_events (user_id, kind) VALUES ($1, 'created')"
INSERT_REPLACED = "INSERT INTO user_events (user_id, kind) VALUES ($1, 'replaced')"

NO_SUCH_USER = "There is no user with this id."
EMAIL_TAKEN = "Another user has this email."

router = APIRouter(route_class=JsonRoute, strict_content_type=False)

UserId = Annotated[Integer, Field(ge=1, le=2**63 - 1)]
Limit = Annotated[Integer, Query(ge=1, le=100)]
Offset = Annotated[Integer, Query(ge=0, le=1_000_000)]


class UserInput(BaseModel):
    """What a client may say about a user; PostgreSQL's text cannot hold NUL."""

    model_config = ConfigDict(strict=True)

    email: str = Field(min_length=3, max_length=254, pattern=r"^[^@\s\x00]+@[^@\s\x00]+$")
    name: str = Field(min_length=1, max_length=100, pattern=r"^[^\x00]*$")
    age: int = Field(ge=0, le=150)
    active: bool


class User(BaseModel):
    """A user as stored."""

    id: int
    email: str
    name: str
    age: int
    active: bool
    created_at: datetime


class UserPage(BaseModel):
    """Users in the order of their ids, with the limits that they were asked for."""

    items: list[User]
    limit: int
    offset: int


@router.get("/users")
async def list_users(database: Database, limit: Limit = 20, offset: Offset = 0) -> UserPage:
    """One page; past the end it is empty."""
    rows = await database.fetch(LIST, limit, offset)
    return UserPage.model_validate({"items": [dict(row) for row in rows], "limit": limit, "offset": offset})


@router.get("/users/{id}")
async def get_user(database: Database, user_id: Annotated[UserId, Path(alias="id")]) -> User:
    """One user, or 404."""
    row = await database.fetchrow(GET, user_id)
    if row is None:
        raise HTTPException(HTTPStatus.NOT_FOUND, NO_SUCH_USER)
    return User(**row)


@router.post("/users", status_code=HTTPStatus.CREATED)
async def create_user(database: Database, user: UserInput, response: Response) -> User:
    """The stored user, or 409 where the email is taken."""
    try:
        async with database.acquire() as connection, connection.transaction():
            (row,) = await connection.fetch(INSERT, user.email, user.name, user.age, user.active)
            await connection.execute(INSERT_CREATED, row["id"])
    except UniqueViolationError as error:
        raise HTTPException(HTTPStatus.CONFLICT, EMAIL_TAKEN) from error
    response.headers["Location"] = f"/users/{row['id']}"
    return User(**row)


@router.put("/users/{id}")
async def replace_user(database: Database, user_id: Annotated[UserId, Path(alias="id")], user: UserInput) -> User:
    """The user as stored now, 404 where there is none, or 409 where another user has the email."""
    try:
        async with database.acquire() as connection, connection.transaction():
            row = await connection.fetchrow(REPLACE, user_id, user.email, user.name, user.age, user.active)
            if row is None:
                raise HTTPException(HTTPStatus.NOT_FOUND, NO_SUCH_USER)
            await connection.execute(INSERT_REPLACED, user_id)
    except UniqueViolationError as error:
        raise HTTPException(HTTPStatus.CONFLICT, EMAIL_TAKEN) from error
    return User(**row)
