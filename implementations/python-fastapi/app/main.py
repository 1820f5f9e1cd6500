"""Puts settings, routes, middlewares and the connections of one process together into the application."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from app import echo, external, health, lean, protected, upload, users
from app.database import open_pool
from app.logs import configure_logs
from app.middleware import CountingMiddleware, RequestLogMiddleware
from app.problems import HANDLERS
from app.settings import Settings


@asynccontextmanager
async def connections(app: FastAPI) -> AsyncIterator[None]:
    """Holds the pool and the upstream's client while the process serves; without a database it does not start."""
    settings: Settings = app.state.settings
    pool = open_pool(settings.database_url.get_secret_value(), settings.pool_size)
    async with pool, external.open_upstream(settings.upstream_url) as app.state.upstream:
        await pool.execute("SELECT 1")
        app.state.pool = pool
        yield


def create_app(settings: Settings | None = None) -> FastAPI:
    """The application; its settings come from the environment unless a test gives them."""
    settings = settings or Settings()
    configure_logs(settings.log_level)
    app = FastAPI(
        lifespan=connections,
        exception_handlers=HANDLERS,
        redirect_slashes=False,  # an unknown path is 404
        openapi_url=None,  # spec/openapi.yaml is the description, and nothing else is served
    )
    app.state.settings = settings
    if settings.style == "lean":
        lean.add_routes(app)
    else:
        for module in (health, echo, users, external, protected, upload):
            app.include_router(module.router)
    # The last one added is the outermost.
    for position in range(settings.middleware_depth, 0, -1):
        app.add_middleware(CountingMiddleware, position=position)
    app.add_middleware(RequestLogMiddleware, path=protected.PATH)
    return app
