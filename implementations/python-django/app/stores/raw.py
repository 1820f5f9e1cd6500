"""Users through psycopg, with the statements of spec/behaviour.md."""

import psycopg
from django.conf import settings
from psycopg.errors import UniqueViolation
from psycopg.rows import class_row
from psycopg_pool import ConnectionPool

from app.stores.store import CONNECT_TIMEOUT_S, EmailTakenError, StoredUser, UserFields, reach_database

LIST = "SELECT id, email, name, age, active, created_at FROM users ORDER BY id LIMIT %s OFFSET %s"
GET = "SELECT id, email, name, age, active, created_at FROM users WHERE id = %s"
INSERT = (
    "INSERT INTO users (email, name, age, active) VALUES (%(email)s, %(name)s, %(age)s, %(active)s)"
    " RETURNING id, email, name, age, active, created_at"
)
REPLACE = (
    "UPDATE users SET email = %(email)s, name = %(name)s, age = %(age)s, active = %(active)s WHERE id = %(id)s"
    " RETURNING id, email, name, age, active, created_at"
)
INSERT_CREATED = "INSERT INTO user_events (user_id, kind) VALUES (%s, 'created')"
INSERT_REPLACED = "INSERT INTO user_events (user_id, kind) VALUES (%s, 'replaced')"

POOL = ConnectionPool(
    settings.DATABASE_URL,
    connection_class=psycopg.Connection[StoredUser],
    # Reads need no transaction around them; each statement is prepared when it first runs.
    kwargs={"autocommit": True, "prepare_threshold": 0, "row_factory": class_row(StoredUser)},
    min_size=settings.DATABASE_POOL_SIZE,
    max_size=settings.DATABASE_POOL_SIZE,
    open=False,
)


def connect() -> None:
    """Opens every connection of this process; an error says at once where the database cannot be reached."""
    reach_database()
    POOL.open(wait=True, timeout=CONNECT_TIMEOUT_S)


def disconnect() -> None:
    """Closes the pool."""
    POOL.close()


def list_users(limit: int, offset: int) -> list[StoredUser]:
    """One page in the order of the ids."""
    with POOL.connection() as connection:
        return connection.execute(LIST, (limit, offset)).fetchall()


def get_user(user_id: int) -> StoredUser | None:
    """One user."""
    with POOL.connection() as connection:
        return connection.execute(GET, (user_id,)).fetchone()


def create_user(user: UserFields) -> StoredUser:
    """The new user; EmailTakenError where it cannot be."""
    try:
        with POOL.connection() as connection, connection.transaction():
            (row,) = connection.execute(INSERT, user)
            connection.execute(INSERT_CREATED, (row["id"],))
    except UniqueViolation as error:
        raise EmailTakenError from error
    return row


def replace_user(user_id: int, user: UserFields) -> StoredUser | None:
    """The user as stored now, None where there is none; EmailTakenError where it cannot be."""
    try:
        with POOL.connection() as connection, connection.transaction():
            row = connection.execute(REPLACE, {**user, "id": user_id}).fetchone()
            if row is not None:
                connection.execute(INSERT_REPLACED, (user_id,))
    except UniqueViolation as error:
        raise EmailTakenError from error
    return row
