"""ASGI middlewares: the counting ones of the chain, and the request id and log line of `/protected`."""

import re
import time
import uuid
from http import HTTPStatus

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.logs import LOGGER

REQUEST_ID = re.compile("[!-~]{1,128}")


class CountingMiddleware:
    """Appends its position to the list of the request's middlewares on the way in."""

    def __init__(self, app: ASGIApp, position: int) -> None:
        self.app = app
        self.position = position

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Counts and passes the request on."""
        if scope["type"] == "http":
            scope.setdefault("state", {}).setdefault("middlewares", []).append(self.position)
        await self.app(scope, receive, send)


class RequestLogMiddleware:
    """Gives each request to one path an id, answers the id, and logs the answer in one line."""

    def __init__(self, app: ASGIApp, path: str) -> None:
        self.app = app
        self.path = path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes other paths on untouched."""
        if scope["type"] != "http" or scope["path"] != self.path:
            await self.app(scope, receive, send)
            return

        started = time.perf_counter()
        request_id = Headers(scope=scope).get("x-request-id", "")
        if not REQUEST_ID.fullmatch(request_id):
            request_id = str(uuid.uuid4())
        state = scope.setdefault("state", {})
        state["request_id"] = request_id
        status = HTTPStatus.INTERNAL_SERVER_ERROR.value

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["X-Request-Id"] = request_id
            await send(message)

        try:
            await self.app(scope, receive, send_with_id)
        finally:
            fields = {
                "request_id": request_id,
                "subject": state.get("subject"),
                "status": status,
                "duration_ms": round((time.perf_counter() - started) * 1000, 3),
            }
            LOGGER.info("protected", extra={"fields": fields})
