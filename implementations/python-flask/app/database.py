"""The pool of PostgreSQL connections: made with the application, opened by each process, handed to the routes."""

from typing import TypeAlias

import psycopg
from flask import current_app
from psycopg.rows import DictRow, dict_row
from psycopg_pool import ConnectionPool

CONNECT_TIMEOUT_S = 30

Pool: TypeAlias = ConnectionPool[psycopg.Connection[DictRow]]


def new_pool(url: str, size: int) -> Pool:
    """A pool of `size` connections, none of them open yet."""
    return ConnectionPool(
        url,
        connection_class=psycopg.Connection[DictRow],
        # Reads need no transaction around them; each statement is prepared when it first runs.
        kwargs={"autocommit": True, "prepare_threshold": 0, "row_factory": dict_row},
        min_size=size,
        max_size=size,
        open=False,
    )


def connect(pool: Pool) -> None:
    """Opens every connection; an error says at once where the database cannot be reached."""
    with psycopg.connect(str(pool.conninfo), connect_timeout=CONNECT_TIMEOUT_S) as connection:
        connection.execute("SELECT 1")
    pool.open(wait=True, timeout=CONNECT_TIMEOUT_S)


def pool_of_app() -> Pool:
    """The pool of this process."""
    pool: Pool = current_app.extensions["pool"]
    return pool
