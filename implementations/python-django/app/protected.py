"""`GET /protected`: a token with a scope, a validated query, and what the middlewares left behind."""

from http import HTTPStatus

import jwt
from django.conf import settings
from django.http import JsonResponse
from pydantic import BaseModel, Field

from app.parameters import Integer
from app.problems import ProblemError
from app.requests import Request
from app.views import ApiView

PATH = "/protected"
SCOPE = "read:protected"


class ProtectedQuery(BaseModel):
    """What a client asks."""

    q: str = Field(min_length=1, max_length=64)
    page: Integer = Field(default=1, ge=1, le=1000)


class ProtectedView(ApiView):
    """Lets only those in whose token has the scope."""

    def get(self, request: Request) -> JsonResponse:
        """The query as it came, for whom the token names; the token is checked first."""
        subject = authenticated_subject(request)
        query = ProtectedQuery.model_validate(request.GET.dict())
        return JsonResponse(
            {
                "subject": subject,
                "q": query.q,
                "page": query.page,
                "request_id": request.request_id,
                "middlewares": request.middlewares,
            }
        )


def authenticated_subject(request: Request) -> str:
    """The token's subject: 401 without a valid token, 403 without the scope."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        raise ProblemError(HTTPStatus.UNAUTHORIZED, "A bearer token is needed.", headers={"WWW-Authenticate": "Bearer"})
    try:
        claims = jwt.decode(
            token,
            settings.JWT_SECRET,
            algorithms=["HS256"],
            audience=settings.JWT_AUDIENCE,
            options={"require": ["exp", "sub"]},
        )
    except jwt.InvalidTokenError as error:
        raise ProblemError(
            HTTPStatus.UNAUTHORIZED,
            "The bearer token is not valid.",
            headers={"WWW-Authenticate": 'Bearer error="invalid_token"'},
        ) from error
    subject: str = claims["sub"]
    request.subject = subject
    scope = claims.get("scope")
    if not isinstance(scope, str) or SCOPE not in scope.split(" "):
        raise ProblemError(HTTPStatus.FORBIDDEN, f"The token lacks the scope {SCOPE}.")
    return subject
