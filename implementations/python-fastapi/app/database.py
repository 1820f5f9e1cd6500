"""Opens the pool of PostgreSQL connections and hands it to the routes."""

from typing import TYPE_CHECKING, Annotated

import asyncpg
from fastapi import Depends, Request

if TYPE_CHECKING:
    Pool = asyncpg.Pool[asyncpg.Record]
else:
    Pool = asyncpg.Pool  # generic in its stubs only

CONNECT_TIMEOUT_S = 30.0


def open_pool(url: str, size: int) -> Pool:
    """A pool that holds `size` connections, all of them open once it is entered."""
    return asyncpg.create_pool(url, min_size=size, max_size=size, timeout=CONNECT_TIMEOUT_S, reset=keep_session)


async def keep_session(_connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    """Replaces the pool's reset query: no route changes its session, so that round trip would clean up nothing."""


async def pool_of(request: Request) -> Pool:
    """The pool of this process."""
    pool: Pool = request.app.state.pool
    return pool


Database = Annotated[Pool, Depends(pool_of)]
