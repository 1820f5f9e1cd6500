"""Django middlewares: lengths of answers, the counting ones of the chain, and what `/protected` is logged by."""

import re
import time
import uuid
from collections.abc import Callable

from django.http import HttpResponse

from app.logs import LOGGER
from app.protected import PATH
from app.requests import Request

REQUEST_ID = re.compile("[!-~]{1,128}")

GetResponse = Callable[[Request], HttpResponse]


class CountingMiddleware:
    """Appends its position to the list of the request's middlewares on the way in."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: Request) -> HttpResponse:
        """Counts those before it, as an entry of settings.MIDDLEWARE takes no position, and passes the request on."""
        request.middlewares.append(len(request.middlewares) + 1)
        return self.get_response(request)


class ContentLengthMiddleware:
    """Declares the length of each answer: all that an API needs of Django's CommonMiddleware."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: Request) -> HttpResponse:
        """Passes the request on and measures its answer; the API streams none."""
        response = self.get_response(request)
        response.headers["Content-Length"] = str(len(response.content))
        return response


class RequestLogMiddleware:
    """Gives each request to `/protected` an id, answers the id, and logs the answer in one line."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: Request) -> HttpResponse:
        """Passes other paths on untouched."""
        if request.path_info != PATH:
            return self.get_response(request)

        started = time.perf_counter()
        request_id = request.headers.get("X-Request-Id", "")
        if not REQUEST_ID.fullmatch(request_id):
            request_id = str(uuid.uuid4())
        request.request_id = request_id
        response = self.get_response(request)
        response.headers["X-Request-Id"] = request_id
        fields = {
            "request_id": request_id,
            "subject": request.subject,
            "status": response.status_code,
            "duration_ms": round((time.perf_counter() - started) * 1000, 3),
        }
        LOGGER.info("protected", extra={"fields": fields})
        return response
