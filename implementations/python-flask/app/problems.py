"""Turns every error into an RFC 9457 problem."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus

from flask import Flask, Response, jsonify
from pydantic import ValidationError
from werkzeug.exceptions import HTTPException, InternalServerError, MethodNotAllowed, NotFound

INVALID = "The input does not fit the schema."

# The framework raises these with sentences for people in front of a browser.
DETAILS: dict[str | None, str] = {
    NotFound.description: "Nothing is served at this path.",
    MethodNotAllowed.description: "This path does not serve this method.",
    InternalServerError.description: "The server failed to answer.",
}


def problem(status: int, detail: str, *, errors: Sequence[Mapping[str, str]] | None = None) -> Response:
    """The answer for one error; `errors` has a `field` and a `message` for each invalid field."""
    content: dict[str, object] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
    }
    if errors is not None:
        content["errors"] = errors
    response = jsonify(content)
    response.status_code = status
    response.mimetype = "application/problem+json"
    return response


def http_problem(error: HTTPException) -> Response:
    """An error that a route or the framework raised; the framework logs the traceback of one not on purpose."""
    status = error.code or HTTPStatus.INTERNAL_SERVER_ERROR
    detail = error.description or HTTPStatus(status).description
    response = problem(status, DETAILS.get(detail, detail))
    response.headers.extend((name, value) for name, value in error.get_headers() if name != "Content-Type")
    return response


def validation_problem(error: ValidationError) -> Response:
    """Input that does not fit its schema."""
    return problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        INVALID,
        errors=[{"field": dotted(invalid["loc"]), "message": invalid["msg"]} for invalid in error.errors()],
    )


def dotted(location: tuple[int | str, ...]) -> str:
    """`("items", 0, "price")` as `items.0.price`; a whole body is `body`."""
    return ".".join(map(str, location)) or "body"


def register(app: Flask) -> None:
    """Has the application answer its errors so; a failure reaches `http_problem` as InternalServerError."""
    app.register_error_handler(HTTPException, http_problem)
    app.register_error_handler(ValidationError, validation_problem)
