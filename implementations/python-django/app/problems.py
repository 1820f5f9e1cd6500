"""Turns every error into an RFC 9457 problem."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus

from django.http import HttpRequest, JsonResponse
from pydantic import ValidationError


class ProblemError(Exception):
    """An error that a view raises for its client."""

    def __init__(
        self,
        status: HTTPStatus,
        detail: str,
        *,
        errors: Sequence[Mapping[str, str]] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.errors = errors
        self.headers = headers

    @property
    def response(self) -> JsonResponse:
        """The answer."""
        return problem(self.status, self.detail, errors=self.errors, headers=self.headers)


def problem(
    status: HTTPStatus,
    detail: str,
    *,
    errors: Sequence[Mapping[str, str]] | None = None,
    headers: Mapping[str, str] | None = None,
) -> JsonResponse:
    """The answer for one error; `errors` has a `field` and a `message` for each invalid field."""
    content: dict[str, object] = {
        "type": "about:blank",
        "title": status.phrase,
        "status": status.value,
        "detail": detail,
    }
    if errors is not None:
        content["errors"] = errors
    return JsonResponse(content, status=status, headers=headers, content_type="application/problem+json")


def invalid_input(errors: Sequence[Mapping[str, str]]) -> ProblemError:
    """Input that does not fit its schema."""
    return ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "The input does not fit the schema.", errors=errors)


def misfit(error: ValidationError) -> ProblemError:
    """Input that pydantic refused."""
    return invalid_input([{"field": dotted(invalid["loc"]), "message": invalid["msg"]} for invalid in error.errors()])


def dotted(location: tuple[int | str, ...]) -> str:
    """`("items", 0, "price")` as `items.0.price`; a whole body is `body`."""
    return ".".join(map(str, location)) or "body"


def bad_request(_request: HttpRequest, exception: Exception) -> JsonResponse:  # noqa: ARG001  # Django names it
    """What Django itself refuses to read."""
    return problem(HTTPStatus.BAD_REQUEST, "The request cannot be read.")


def not_found(_request: HttpRequest, exception: Exception) -> JsonResponse:  # noqa: ARG001  # Django names it
    """A path without a route."""
    return problem(HTTPStatus.NOT_FOUND, "Nothing is served at this path.")


def server_failure(_request: HttpRequest) -> JsonResponse:
    """A fault of the server; Django logs its traceback."""
    return problem(HTTPStatus.INTERNAL_SERVER_ERROR, "The server failed to answer.")
