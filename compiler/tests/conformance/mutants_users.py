"""Servers that get /users wrong."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime

import psycopg
from psycopg.rows import DictRow
from pydantic import JsonValue

from .mutant import caught_by
from .reference import Connection, Input, Reference
from .refusal import Bounds, RefusalError


@caught_by("users-list")
class UsersInAnyOrder(Reference):
    def select_users(self, limit: int, offset: int) -> list[DictRow]:
        with self.connection() as connection:
            return connection.execute("SELECT * FROM users LIMIT %s OFFSET %s", (limit, offset)).fetchall()


@caught_by("users-list")
class OffsetIgnored(Reference):
    def select_users(self, limit: int, offset: int) -> list[DictRow]:  # noqa: ARG002 -- that is the fault
        return super().select_users(limit, 0)


@caught_by("users-list")
class InventedUsers(Reference):
    def select_users(self, limit: int, offset: int) -> list[DictRow]:
        return [row | {"name": "Constant Name"} for row in super().select_users(limit, offset)]


@caught_by("users-list-validation")
class LimitOfAnySize(Reference):
    def integers(self, values: Mapping[str, str], **bounds: Bounds) -> list[int]:
        low, _, default = bounds.get("limit", (0, 0, 0))
        return super().integers(values, **(bounds | ({"limit": (low, 10**6, default)} if "limit" in bounds else {})))


@caught_by("users-list-fresh")
class CachedList(Reference):
    def select_users(self, limit: int, offset: int) -> list[DictRow]:
        cache: dict[tuple[int, int], list[DictRow]] = self.__dict__.setdefault("cache", {})
        return cache.setdefault((limit, offset), super().select_users(limit, offset))


@caught_by("users-get")
class CachedUser(Reference):
    def select_user(self, user_id: int) -> DictRow | None:
        cache: dict[int, DictRow | None] = self.__dict__.setdefault("cache", {})
        return cache.setdefault(user_id, super().select_user(user_id))


@caught_by("users-get")
class MillisecondsOnly(Reference):
    def instant(self, moment: datetime) -> str:
        return moment.isoformat(timespec="milliseconds")


@caught_by("users-get")
class InstantWithoutOffset(Reference):
    def instant(self, moment: datetime) -> str:
        return moment.replace(tzinfo=None).isoformat()


@caught_by("users-get")
class AgeInAString(Reference):
    def user_json(self, row: DictRow) -> Input:
        return super().user_json(row) | {"age": str(row["age"])}


@caught_by("users-list")
class ActiveAsANumber(Reference):
    def user_json(self, row: DictRow) -> Input:
        return super().user_json(row) | {"active": int(row["active"])}


@caught_by("users-get-missing")
class MissingUserIsInvented(Reference):
    def select_user(self, user_id: int) -> DictRow | None:
        return super().select_user(user_id) or (super().select_user(1) or {}) | {"id": user_id}


@caught_by("users-create")
class SkippedInsert(Reference):
    def insert_user(self, body: Input) -> DictRow:
        return {"id": 424_242, **body, "created_at": datetime.fromisoformat("2026-01-01T00:00:00Z")}


@caught_by("users-create")
class NoEvent(Reference):
    def record(self, connection: Connection, user_id: int, kind: str) -> None:
        pass


@caught_by("users-create")
class EventTwice(Reference):
    def record(self, connection: Connection, user_id: int, kind: str) -> None:
        for _ in range(2):
            super().record(connection, user_id, kind)


@caught_by("users-create")
class NoTransaction(Reference):
    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        with self.connection() as connection:
            yield connection


@caught_by("users-create")
class NoLocation(Reference):
    def location(self, row: DictRow) -> dict[str, str]:  # noqa: ARG002 -- that is the fault
        return {}


@caught_by("users-create")
class EmailInLowerCase(Reference):
    def insert_user(self, body: Input) -> DictRow:
        return super().insert_user(body | {"email": str(body["email"]).lower()})


@caught_by("users-create-conflict")
class ConflictLeavesAnEvent(Reference):
    def insert_user(self, body: Input) -> DictRow:
        try:
            return super().insert_user(body)
        except psycopg.errors.UniqueViolation:
            with self.connection() as connection:
                self.record(connection, 1, "created")
            raise


@caught_by("users-create-conflict")
class ConflictIsAServerError(Reference):
    def insert_user(self, body: Input) -> DictRow:
        try:
            return super().insert_user(body)
        except psycopg.errors.UniqueViolation as error:
            raise RefusalError(500, "The database failed.") from error


@caught_by("users-create-validation")
class StoresBeforeItValidates(Reference):
    def validate(self, value: JsonValue, schema: str) -> Input:
        try:
            return super().validate(value, schema)
        except RefusalError:
            with self.connection() as connection:
                self.record(connection, 1, "created")
            raise


@caught_by("users-create-validation")
class NulReachesTheDatabase(Reference):
    def storable(self, body: Input) -> Input:
        return body


@caught_by("users-replace")
class SkippedUpdate(Reference):
    def update_user(self, user_id: int, body: Input) -> DictRow | None:
        row = self.select_user(user_id)
        with self.connection() as connection:
            self.record(connection, user_id, "replaced")
        return row and row | body


@caught_by("users-replace")
class CreatedAnew(Reference):
    def update_user(self, user_id: int, body: Input) -> DictRow | None:
        with self.transaction() as connection:
            connection.execute("UPDATE users SET created_at = now() WHERE id = %s", (user_id,))
        return super().update_user(user_id, body)


@caught_by("users-replace")
class AnotherUserReplaced(Reference):
    def update_user(self, user_id: int, body: Input) -> DictRow | None:
        with self.transaction() as connection:
            connection.execute("UPDATE users SET age = age + 1 WHERE id = 77")
        return super().update_user(user_id, body)


@caught_by("users-replace-missing")
class MissingUserIsCreated(Reference):
    def update_user(self, user_id: int, body: Input) -> DictRow | None:
        return super().update_user(user_id, body) or self.insert_user(body)


@caught_by("users-replace-conflict")
class ConflictRenamesTheOther(Reference):
    def update_user(self, user_id: int, body: Input) -> DictRow | None:
        with self.connection() as connection:
            connection.execute(
                "UPDATE users SET email = 'old-' || email WHERE email = %s AND id <> %s", (body["email"], user_id)
            )
        return super().update_user(user_id, body)


@caught_by("users-replace-conflict")
class OwnEmailIsTaken(Reference):
    def update_user(self, user_id: int, body: Input) -> DictRow | None:
        row = self.select_user(user_id)
        if row and row["email"] == body["email"]:
            raise RefusalError(409, "The email is taken.")
        return super().update_user(user_id, body)


@caught_by("users-replace-validation")
class AnyIdIsMissing(Reference):
    def user_id(self, text: str) -> int:
        try:
            return super().user_id(text)
        except RefusalError as refusal:
            raise self.missing() from refusal
