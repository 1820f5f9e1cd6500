"""The server's database, read and changed behind the server's back."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

import psycopg
from psycopg.rows import class_row
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, JsonValue

from benchmark_lab.conformance.report import NotVisibleError
from benchmark_lab.conformance.statements import StatementCounts, counted
from benchmark_lab.conformance.sut import UnreachableError

# A server that leaves a transaction open must not make the checks wait for its locks.
_OPTIONS = "-c statement_timeout=10s -c lock_timeout=5s"

_INSERT = """
INSERT INTO users (id, email, name, age, active, created_at)
VALUES (coalesce(%(id)s::bigint, nextval(pg_get_serial_sequence('users', 'id'))),
        %(email)s, %(name)s, %(age)s, %(active)s, coalesce(%(created_at)s::timestamptz, now()))
RETURNING *
"""
_WRITTEN_TOGETHER = """
SELECT users.xmin = user_events.xmin FROM users JOIN user_events ON user_events.user_id = users.id
WHERE users.id = %s ORDER BY user_events.id DESC LIMIT 1
"""
_CONTENTS = """
SELECT * FROM
    (SELECT count(*), coalesce(sum(hashtext(users::text)), 0) FROM users WHERE id IS DISTINCT FROM %s::bigint) AS u,
    (SELECT count(*), coalesce(sum(hashtext(user_events::text)), 0) FROM user_events) AS e
"""
_ACTIVITY = """
SELECT pid, query_start FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend' ORDER BY pid
"""
_ADMIT_EVENTS = """
DROP TRIGGER IF EXISTS conformance_refuse ON user_events;
DROP FUNCTION IF EXISTS conformance_refuse();
"""
_REFUSE_EVENTS = f"""
{_ADMIT_EVENTS}
CREATE FUNCTION conformance_refuse() RETURNS trigger LANGUAGE plpgsql
    AS $$ BEGIN RAISE EXCEPTION 'refused by the conformance checks'; END $$;
CREATE TRIGGER conformance_refuse BEFORE INSERT ON user_events FOR EACH ROW EXECUTE FUNCTION conformance_refuse();
"""


class User(BaseModel):
    """A user, as a row holds it and as an answer says it: equal where both mean the same instant."""

    model_config = ConfigDict(frozen=True)

    id: int
    email: str
    name: str
    age: int
    active: bool
    created_at: Annotated[AwareDatetime, AfterValidator(lambda instant: instant.astimezone(UTC))]

    def __repr__(self) -> str:
        return self.model_dump_json()

    def input(self) -> dict[str, JsonValue]:
        """The members that a client sends."""
        return {"email": self.email, "name": self.name, "age": self.age, "active": self.active}


@dataclass(frozen=True, slots=True)
class Contents:
    """Both tables at one moment: how many rows, and a sum over everything in them."""

    users: int
    users_sum: int
    events: int
    events_sum: int

    def __str__(self) -> str:
        return f"{self.users} users (sum {self.users_sum}) and {self.events} events (sum {self.events_sum})"


@dataclass(frozen=True, slots=True)
class Database:
    """One connection that commits each statement."""

    connection: psycopg.AsyncConnection[tuple[object, ...]]

    @classmethod
    @asynccontextmanager
    async def connect(cls, url: str) -> AsyncIterator[Database]:
        """Connects; an error does not repeat the address, which holds a password."""
        try:
            connection = await psycopg.AsyncConnection.connect(
                url, autocommit=True, connect_timeout=5, options=_OPTIONS
            )
        except psycopg.Error as error:
            raise UnreachableError(f"the database cannot be reached: {error}") from error
        async with connection:
            yield cls(connection)

    async def page(self, limit: int, offset: int) -> list[User]:
        """The rows of one page, ordered by id."""
        return await self._users("SELECT * FROM users ORDER BY id LIMIT %s OFFSET %s", limit, offset)

    async def user(self, user_id: int) -> User | None:
        """One row."""
        return next(iter(await self._users("SELECT * FROM users WHERE id = %s", user_id)), None)

    async def last_id(self) -> int:
        """The greatest id, 0 in an empty table."""
        return max((user.id for user in await self._users("SELECT * FROM users ORDER BY id DESC LIMIT 1")), default=0)

    async def events(self, user_id: int) -> list[str]:
        """The kinds of a user's events, oldest first."""
        rows = await self._rows("SELECT kind FROM user_events WHERE user_id = %s ORDER BY id", user_id)
        return [str(kind) for (kind,) in rows]

    async def written_together(self, user_id: int) -> bool:
        """Whether a user's row and its newest event were written by one transaction."""
        return await self._rows(_WRITTEN_TOGETHER, user_id) == [(True,)]

    async def insert(
        self, member: dict[str, JsonValue], *, user_id: int | None = None, created_at: datetime | None = None
    ) -> User:
        """Adds a row; without an id the table gives one."""
        async with self.connection.cursor(row_factory=class_row(User)) as cursor:
            await cursor.execute(_INSERT, {**member, "id": user_id, "created_at": created_at})
            (user,) = await cursor.fetchall()
            return user

    async def rename(self, user_id: int, name: str) -> User:
        """Changes one column of a row."""
        (user,) = await self._users("UPDATE users SET name = %s WHERE id = %s RETURNING *", name, user_id)
        return user

    async def delete(self, *user_ids: int) -> None:
        """Removes rows and their events."""
        await self.connection.execute("DELETE FROM user_events WHERE user_id = ANY(%s)", (list(user_ids),))
        await self.connection.execute("DELETE FROM users WHERE id = ANY(%s)", (list(user_ids),))

    async def delete_created(self, above: int, emails: Sequence[str]) -> None:
        """Removes the users that the checks made: later than the id `above`, and with one of their emails."""
        storable = [email for email in emails if "\0" not in email]
        users = await self._users("SELECT * FROM users WHERE id > %s AND email = ANY(%s)", above, storable)
        await self.delete(*(user.id for user in users))

    async def contents(self, *, without: int | None = None) -> Contents:
        """A fingerprint of both tables, but for one user's row."""
        ((users, users_sum, events, events_sum),) = await self._rows(_CONTENTS, without)
        return Contents(int(str(users)), int(str(users_sum)), int(str(events)), int(str(events_sum)))

    async def activity(self) -> list[tuple[object, ...]]:
        """When each other connection to this database last began a statement."""
        return await self._rows(_ACTIVITY)

    async def statements(self) -> StatementCounts:
        """The statements on the tables so far, of everyone."""
        return await counted(self.connection)

    @asynccontextmanager
    async def refusing_events(self) -> AsyncIterator[None]:
        """Makes every INSERT into user_events fail, so that the transaction around it has to be rolled back."""
        try:
            await self.connection.execute(_REFUSE_EVENTS)
        except psycopg.errors.InsufficientPrivilege as error:
            raise NotVisibleError(f"the database role may not create a trigger: {error}") from error
        try:
            yield
        finally:
            await self.connection.execute(_ADMIT_EVENTS)

    async def _users(self, statement: str, *values: object) -> list[User]:
        async with self.connection.cursor(row_factory=class_row(User)) as cursor:
            await cursor.execute(statement, values)
            return await cursor.fetchall()

    async def _rows(self, statement: str, *values: object) -> list[tuple[object, ...]]:
        return await (await self.connection.execute(statement, values)).fetchall()
