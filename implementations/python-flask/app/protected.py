"""`GET /protected`: a token with a scope, a validated query, and what the middlewares left behind."""

import jwt
from flask import Blueprint, current_app, request
from pydantic import BaseModel, Field
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Forbidden, Unauthorized

from app.parameters import Integer

PATH = "/protected"
SCOPE = "read:protected"

blueprint = Blueprint("protected", __name__)


class ProtectedQuery(BaseModel):
    """What a client asks."""

    q: str = Field(min_length=1, max_length=64)
    page: Integer = Field(default=1, ge=1, le=1000)


def authenticated_subject() -> str:
    """The token's subject: 401 without a valid token, 403 without the scope."""
    authorization = request.authorization
    if authorization is None or authorization.type != "bearer" or not authorization.token:
        raise Unauthorized("A bearer token is needed.", www_authenticate=WWWAuthenticate("bearer"))
    try:
        claims = jwt.decode(
            authorization.token,
            current_app.config["JWT_SECRET"],
            algorithms=["HS256"],
            audience=current_app.config["JWT_AUDIENCE"],
            options={"require": ["exp", "sub"]},
        )
    except jwt.InvalidTokenError as error:
        challenge = WWWAuthenticate("bearer", {"error": "invalid_token"})
        raise Unauthorized("The bearer token is not valid.", www_authenticate=challenge) from error
    subject: str = claims["sub"]
    request.environ["app.subject"] = subject
    scope = claims.get("scope")
    if not isinstance(scope, str) or SCOPE not in scope.split(" "):
        raise Forbidden(f"The token lacks the scope {SCOPE}.")
    return subject


@blueprint.get(PATH)
def get_protected() -> dict[str, object]:
    """The query as it came, for whom the token names; the token is checked first."""
    subject = authenticated_subject()
    query = ProtectedQuery.model_validate(request.args.to_dict())
    return {
        "subject": subject,
        "q": query.q,
        "page": query.page,
        "request_id": request.environ["app.request_id"],
        "middlewares": request.environ.get("app.middlewares", []),
    }
