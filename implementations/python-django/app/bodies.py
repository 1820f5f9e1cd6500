"""Reads a JSON body, limited in size, into a strict model."""

from http import HTTPStatus
from typing import TypeVar

from django.conf import settings
from django.http import HttpRequest
from pydantic import BaseModel
from pydantic_core import from_json

from app.problems import ProblemError

Body = TypeVar("Body", bound=BaseModel)


def read_json(request: HttpRequest, model: type[Body]) -> Body:
    """The body as a model; 400 where it is no JSON, 413 over the limit, pydantic's ValidationError where it misfits."""
    if not request.headers.get("Content-Type", "application/json").lower().startswith("application/json"):
        raise ProblemError(HTTPStatus.BAD_REQUEST, "The body is not declared as application/json.")
    limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    # `request.body` holds a body to the limit only where it has a declared length.
    content = request.read(limit + 1)
    if len(content) > limit:
        raise ProblemError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"The body is larger than {limit} bytes.")
    if not content:
        raise ProblemError(HTTPStatus.BAD_REQUEST, "The body is empty.")
    try:
        # Unlike `json.loads` it refuses `NaN` and bounds the depth.
        value = from_json(content, allow_inf_nan=False)
    except ValueError as error:
        raise ProblemError(HTTPStatus.BAD_REQUEST, "The body is not JSON.") from error
    return model.model_validate(value)
