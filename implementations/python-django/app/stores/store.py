"""What the views ask of a store."""

from datetime import datetime
from typing import Protocol, TypedDict

import psycopg
from django.conf import settings

CONNECT_TIMEOUT_S = 30


class UserFields(TypedDict):
    """What a client says about a user."""

    email: str
    name: str
    age: int
    active: bool


class StoredUser(UserFields):
    """A user as stored."""

    id: int
    created_at: datetime


class EmailTakenError(Exception):
    """Another user has this email, and nothing was stored."""


class Store(Protocol):
    """Users, each with an audit event of every write, added in the same transaction."""

    def connect(self) -> None:
        """Opens every connection of this process."""

    def disconnect(self) -> None:
        """Closes them."""

    def list_users(self, limit: int, offset: int) -> list[StoredUser]:
        """One page in the order of the ids."""

    def get_user(self, user_id: int) -> StoredUser | None:
        """One user."""

    def create_user(self, user: UserFields) -> StoredUser:
        """The new user; EmailTakenError where it cannot be."""

    def replace_user(self, user_id: int, user: UserFields) -> StoredUser | None:
        """The user as stored now, None where there is none; EmailTakenError where it cannot be."""


def reach_database() -> None:
    """Fails at once where a pool would try again and again."""
    with psycopg.connect(settings.DATABASE_URL, connect_timeout=CONNECT_TIMEOUT_S) as connection:
        connection.execute("SELECT 1")
