"""Turns every error into an RFC 9457 problem."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

# The router raises these without a sentence of its own.
ROUTER_DETAILS = {
    HTTPStatus.NOT_FOUND: "Nothing is served at this path.",
    HTTPStatus.METHOD_NOT_ALLOWED: "This path does not serve this method.",
}


class ProblemResponse(JSONResponse):
    """An answer of type `application/problem+json`."""

    media_type = "application/problem+json"


def problem(
    status: int,
    detail: str,
    *,
    errors: Sequence[Mapping[str, str]] | None = None,
    headers: Mapping[str, str] | None = None,
) -> ProblemResponse:
    """The answer for one error; `errors` has a `field` and a `message` for each invalid field."""
    content: dict[str, object] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
    }
    if errors is not None:
        content["errors"] = errors
    return ProblemResponse(content, status, headers)


async def http_problem(_request: Request, error: HTTPException) -> ProblemResponse:
    """An error that a route or the router raised on purpose."""
    status = HTTPStatus(error.status_code)
    detail = ROUTER_DETAILS.get(status, error.detail) if error.detail == status.phrase else error.detail
    return problem(status, detail, headers=error.headers)


async def validation_problem(_request: Request, error: RequestValidationError) -> ProblemResponse:
    """Input that does not fit its schema."""
    errors = [{"field": dotted(invalid["loc"]), "message": invalid["msg"]} for invalid in error.errors()]
    return problem(HTTPStatus.UNPROCESSABLE_ENTITY, "The input does not fit the schema.", errors=errors)


async def disconnect_problem(_request: Request, _error: ClientDisconnect) -> ProblemResponse:
    """A client that went away while it sent its body: nobody reads the answer, and it is no fault of the server."""
    return problem(HTTPStatus.BAD_REQUEST, "The body ended early.")


async def server_problem(request: Request, _error: Exception) -> ProblemResponse:
    """A fault of the server; the framework logs its traceback."""
    request_id = getattr(request.state, "request_id", None)
    return problem(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        "The server failed to answer.",
        headers={"X-Request-Id": request_id} if request_id else None,
    )


def dotted(location: tuple[int | str, ...]) -> str:
    """`("body", "items", 0, "price")` as `items.0.price`; a whole body is `body`."""
    return ".".join(map(str, location[1:] or location))


HANDLERS: dict[int | type[Exception], Any] = {  # Any: each handler takes its own kind of exception
    HTTPException: http_problem,
    RequestValidationError: validation_problem,
    ClientDisconnect: disconnect_problem,
    Exception: server_problem,
}
