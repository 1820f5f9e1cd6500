"""`GET /protected`: a token with a scope, a validated query, and what the middlewares left behind."""

from http import HTTPStatus
from typing import Annotated

import jwt
from fastapi import APIRouter, Depends, HTTPException, Query, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel

from app.parameters import Integer
from app.settings import Settings

PATH = "/protected"
SCOPE = "read:protected"

router = APIRouter()


class Protected(BaseModel):
    """Who asked what, and which middlewares the request passed."""

    subject: str
    q: str
    page: int
    request_id: str
    middlewares: list[int]


async def subject_of(
    request: Request, credentials: Annotated[HTTPAuthorizationCredentials, Depends(HTTPBearer())]
) -> str:
    """The token's subject: 401 without a valid token, 403 without the scope, and both before the query's 422."""
    settings: Settings = request.app.state.settings
    try:
        claims = jwt.decode(
            credentials.credentials,
            settings.jwt_secret.get_secret_value(),
            algorithms=["HS256"],
            audience=settings.jwt_audience,
            options={"require": ["exp", "sub"]},
        )
    except jwt.InvalidTokenError as error:
        raise HTTPException(
            HTTPStatus.UNAUTHORIZED,
            "The bearer token is not valid.",
            {"WWW-Authenticate": 'Bearer error="invalid_token"'},
        ) from error
    subject: str = claims["sub"]
    request.state.subject = subject
    scope = claims.get("scope")
    if not isinstance(scope, str) or SCOPE not in scope.split(" "):
        raise HTTPException(HTTPStatus.FORBIDDEN, f"The token lacks the scope {SCOPE}.")
    return subject


@router.get(PATH)
async def get_protected(
    request: Request,
    subject: Annotated[str, Depends(subject_of)],
    q: Annotated[str, Query(min_length=1, max_length=64)],
    page: Annotated[Integer, Query(ge=1, le=1000)] = 1,
) -> Protected:
    """The query as it came, for whom the token names."""
    return Protected(
        subject=subject,
        q=q,
        page=page,
        request_id=request.state.request_id,
        middlewares=getattr(request.state, "middlewares", []),
    )
