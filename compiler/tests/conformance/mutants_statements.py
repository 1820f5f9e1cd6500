"""Servers that answer rightly, but with other statements than the contract's."""

import threading
import time
from concurrent.futures import Future
from functools import cached_property

from psycopg.rows import DictRow

from .mutant import caught_by
from .reference import Input, Reference
from .serving import Request, Response

Page = list[DictRow]


@caught_by("statements-read")
class CachedUntilAWrite(Reference):
    @cached_property
    def cache(self) -> dict[tuple[int, int], Page]:
        return {}

    def select_users(self, limit: int, offset: int) -> Page:
        if (limit, offset) not in self.cache:
            self.cache[limit, offset] = super().select_users(limit, offset)
        return self.cache[limit, offset]

    def insert_user(self, body: Input) -> DictRow:
        self.cache.clear()
        return super().insert_user(body)

    def update_user(self, user_id: int, body: Input) -> DictRow | None:
        self.cache.clear()
        return super().update_user(user_id, body)


@caught_by("statements-read")
class CachedUntilTheTableChanges(CachedUntilAWrite):
    """Asks the database each time, for one row instead of a page."""

    seen: DictRow | None = None

    def select_users(self, limit: int, offset: int) -> Page:
        with self.connection() as connection:
            seen = connection.execute("SELECT count(*), max(xmin::text::bigint) FROM users").fetchone()
        if seen != self.seen:
            self.cache.clear()
            self.seen = seen
        return super().select_users(limit, offset)


@caught_by("statements-read")
class OneStatementForAllWhoWait(Reference):
    """Answers requests that arrive while a page is being read with that page."""

    lock = threading.Lock()

    @cached_property
    def pending(self) -> dict[tuple[int, int], Future[Page]]:
        return {}

    def select_users(self, limit: int, offset: int) -> Page:
        with self.lock:
            waiting = self.pending.get((limit, offset))
            future = waiting or self.pending.setdefault((limit, offset), Future())
        if not waiting:
            time.sleep(0.01)
            page = super().select_users(limit, offset)
            with self.lock:
                del self.pending[limit, offset]
            future.set_result(page)
        return future.result()


@caught_by("statements-read")
class WholeTableFetched(Reference):
    def select_users(self, limit: int, offset: int) -> Page:
        with self.connection() as connection:
            return connection.execute("SELECT * FROM users ORDER BY id").fetchall()[offset : offset + limit]


@caught_by("statements-read")
class AskedTwice(Reference):
    def select_user(self, user_id: int) -> DictRow | None:
        return super().select_user(user_id) and super().select_user(user_id)


@caught_by("statements-write")
class ReadsBackWhatItInserted(Reference):
    def insert_user(self, body: Input) -> DictRow:
        return self.select_user(super().insert_user(body)["id"]) or {}


@caught_by("statements-write")
class ReadsBeforeItUpdates(Reference):
    def update_user(self, user_id: int, body: Input) -> DictRow | None:
        return self.select_user(user_id) and super().update_user(user_id, body)


@caught_by("statements-write")
class UpdatesTwice(Reference):
    def update_user(self, user_id: int, body: Input) -> DictRow | None:
        with self.connection() as connection:
            connection.execute("UPDATE users SET name = %s WHERE id = %s", (body["name"], user_id))
        return super().update_user(user_id, body)


@caught_by("statements-none")
class EchoAsksTheDatabase(Reference):
    def post_echo(self, request: Request) -> Response:
        self.select_user(1)
        return super().post_echo(request)


@caught_by("statements-none")
class ReadsBeforeItRefuses(Reference):
    def user_id(self, text: str) -> int:
        self.select_user(1)
        return super().user_id(text)


class LocksBeforeItUpdates(Reference):
    """What an ORM may do: no mutant."""

    def update_user(self, user_id: int, body: Input) -> DictRow | None:
        with self.connection() as connection:
            connection.execute("SELECT * FROM users WHERE id = %s FOR UPDATE", (user_id,))
        return super().update_user(user_id, body)
