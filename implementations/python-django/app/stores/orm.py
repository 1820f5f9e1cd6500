"""Users through Django's ORM."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

from django.db import DEFAULT_DB_ALIAS, IntegrityError, connections, transaction
from django.db.backends.postgresql.base import DatabaseWrapper
from psycopg.errors import UniqueViolation

from app.models import User, UserEvent
from app.stores.store import CONNECT_TIMEOUT_S, EmailTakenError, StoredUser, UserFields, reach_database


def connect() -> None:
    """Opens every connection of this process; an error says at once where the database cannot be reached."""
    reach_database()
    wrapper().pool.open(wait=True, timeout=CONNECT_TIMEOUT_S)


def disconnect() -> None:
    """Closes the pool."""
    wrapper().close_pool()


def wrapper() -> DatabaseWrapper:
    """Django's connection of this thread."""
    return cast("DatabaseWrapper", connections[DEFAULT_DB_ALIAS])  # settings.DATABASES names this engine


def list_users(limit: int, offset: int) -> list[StoredUser]:
    """One page in the order of the ids."""
    return [stored(user) for user in User.objects.order_by("id")[offset : offset + limit]]


def get_user(user_id: int) -> StoredUser | None:
    """One user."""
    try:
        return stored(User.objects.get(id=user_id))  # first() would order by the id, at a tenth of the request's CPU
    except User.DoesNotExist:
        return None


def create_user(user: UserFields) -> StoredUser:
    """The new user; EmailTakenError where it cannot be."""
    with unique_email(), transaction.atomic():
        row = User.objects.create(**user)
        UserEvent.objects.create(user=row, kind="created")
    return stored(row)


def replace_user(user_id: int, user: UserFields) -> StoredUser | None:
    """The user as stored now, None where there is none; EmailTakenError where it cannot be."""
    with unique_email(), transaction.atomic():
        try:
            row = User.objects.select_for_update().get(id=user_id)
        except User.DoesNotExist:
            return None
        for name, value in user.items():
            setattr(row, name, value)
        row.save(update_fields=user)
        UserEvent.objects.create(user=row, kind="replaced")
    return stored(row)


@contextmanager
def unique_email() -> Iterator[None]:
    """Tells the one violation that a client can cause from the others."""
    try:
        yield
    except IntegrityError as error:
        if isinstance(error.__cause__, UniqueViolation):
            raise EmailTakenError from error
        raise


def stored(user: User) -> StoredUser:
    """A row as the views answer it."""
    return {
        "id": user.id,
        "email": user.email,
        "name": user.name,
        "age": user.age,
        "active": user.active,
        "created_at": user.created_at,
    }
