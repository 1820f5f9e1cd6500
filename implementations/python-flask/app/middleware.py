"""WSGI middlewares: the counting ones of the chain, and the request id and log line of `/protected`."""

import re
import time
import uuid
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING

from app.logs import LOGGER

if TYPE_CHECKING:
    from _typeshed import OptExcInfo
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

REQUEST_ID = re.compile("[!-~]{1,128}")


class CountingMiddleware:
    """Appends its position to the list of the request's middlewares on the way in."""

    def __init__(self, app: "WSGIApplication", position: int) -> None:
        self.app = app
        self.position = position

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Counts and passes the request on."""
        environ.setdefault("app.middlewares", []).append(self.position)
        return self.app(environ, start_response)


class RequestLogMiddleware:
    """Gives each request to one path an id, answers the id, and logs the answer in one line."""

    def __init__(self, app: "WSGIApplication", path: str) -> None:
        self.app = app
        self.path = path

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Passes other paths on untouched."""
        if environ["PATH_INFO"] != self.path:
            return self.app(environ, start_response)

        started = time.perf_counter()
        request_id = environ.get("HTTP_X_REQUEST_ID", "")
        if not REQUEST_ID.fullmatch(request_id):
            request_id = str(uuid.uuid4())
        environ["app.request_id"] = request_id
        status = HTTPStatus.INTERNAL_SERVER_ERROR.value

        def start_with_id(
            line: str, headers: list[tuple[str, str]], exc_info: "OptExcInfo | None" = None, /
        ) -> Callable[[bytes], object]:
            nonlocal status
            status = int(line[:3])
            return start_response(line, [*headers, ("X-Request-Id", request_id)], exc_info)

        try:
            return self.app(environ, start_with_id)
        finally:
            fields = {
                "request_id": request_id,
                "subject": environ.get("app.subject"),
                "status": status,
                "duration_ms": round((time.perf_counter() - started) * 1000, 3),
            }
            LOGGER.info("protected", extra={"fields": fields})
