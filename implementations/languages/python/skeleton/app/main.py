"""The application: which path and method is answered by what. The framework's own router takes its place."""

import logging
import os
import re
from collections.abc import Awaitable, Callable, Coroutine, MutableMapping
from http import HTTPStatus
from typing import Any

from app.answers import Answer, problem
from app.settings import Settings, read_settings

Message = MutableMapping[str, Any]  # Any: as ASGI has it
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Message, Receive, Send], Coroutine[Any, Any, None]]
Handler = Callable[[], Answer]


def get_health() -> Answer:
    """Answers at once, without database or upstream."""
    return Answer(HTTPStatus.OK, {"status": "ok"})


def not_written() -> Answer:
    """Stands for an operation until its handler is there."""
    return problem(HTTPStatus.NOT_IMPLEMENTED, "This operation is not written yet.")


ROUTES: dict[str, dict[str, Handler]] = {
    "/health": {"GET": get_health},
    "/echo": {"POST": not_written},
    "/users": {"GET": not_written, "POST": not_written},
    "/users/[^/]+": {"GET": not_written, "PUT": not_written},
    "/external": {"GET": not_written},
    "/protected": {"GET": not_written},
    "/upload": {"POST": not_written},
}


def create_app(settings: Settings | None = None) -> Application:
    """The application; its settings come from the environment unless a test gives them."""
    settings = settings or read_settings(os.environ)
    logging.getLogger("uvicorn.error").setLevel(settings.log_level.upper())

    async def application(scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await hold_connections(receive, send)
        else:
            await send_answer(route(scope["method"], scope["path"]), send)

    return application


async def hold_connections(receive: Receive, send: Send) -> None:
    """The life of this process: before it serves is the time to open the pool, after it to close it."""
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await send({"type": "lifespan.shutdown.complete"})


def route(method: str, path: str) -> Answer:
    """What the handler of this path and method answers, or that there is none."""
    handlers = next((handlers for pattern, handlers in ROUTES.items() if re.fullmatch(pattern, path)), None)
    if handlers is None:
        return problem(HTTPStatus.NOT_FOUND, "Nothing is served at this path.")
    if method not in handlers:
        allowed = (b"allow", ", ".join(handlers).encode())
        return problem(HTTPStatus.METHOD_NOT_ALLOWED, "This path does not serve this method.", (allowed,))
    return handlers[method]()


async def send_answer(answer: Answer, send: Send) -> None:
    """Sends an answer as ASGI's two messages."""
    content = answer.content
    headers = [
        (b"content-type", answer.media_type.encode()),
        (b"content-length", str(len(content)).encode()),
        *answer.headers,
    ]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": content})
