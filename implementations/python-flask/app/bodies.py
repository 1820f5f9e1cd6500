"""Reads a JSON body, limited in size, into a strict model."""

from typing import TypeVar

from flask import Request
from pydantic import BaseModel
from pydantic_core import from_json
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge

LIMIT_BYTES = 1_048_576

Body = TypeVar("Body", bound=BaseModel)


def read_json(request: Request, model: type[Body]) -> Body:
    """The body as a model; 400 where it is no JSON, 413 over the limit, pydantic's ValidationError where it misfits."""
    if not request.headers.get("Content-Type", "application/json").lower().startswith("application/json"):
        raise BadRequest("The body is not declared as application/json.")
    # Werkzeug's max_content_length would cut a longer body off where it comes in chunks.
    content = request.stream.read(LIMIT_BYTES + 1)
    if len(content) > LIMIT_BYTES:
        raise RequestEntityTooLarge(f"The body is larger than {LIMIT_BYTES} bytes.")
    if not content:
        raise BadRequest("The body is empty.")
    try:
        # Unlike Flask's `get_json` it refuses `NaN` and bounds the depth.
        value = from_json(content, allow_inf_nan=False)
    except ValueError as error:
        raise BadRequest("The body is not JSON.") from error
    return model.model_validate(value)
