"""The routes in the style `lean`: on the application's own router, with the pool and the client read from its state."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, FastAPI, Path, Request, Response

from app import echo, external, health, protected, upload, users
from app.bodies import JsonRoute

router = APIRouter(route_class=JsonRoute, strict_content_type=False)


@router.get("/users")
async def list_users(request: Request, limit: users.Limit = 20, offset: users.Offset = 0) -> users.UserPage:
    """The documented handler with the pool of this process."""
    return await users.list_users(request.app.state.pool, limit, offset)


@router.get("/users/{id}")
async def get_user(request: Request, user_id: Annotated[users.UserId, Path(alias="id")]) -> users.User:
    """The documented handler with the pool of this process."""
    return await users.get_user(request.app.state.pool, user_id)


@router.post("/users", status_code=HTTPStatus.CREATED)
async def create_user(request: Request, user: users.UserInput, response: Response) -> users.User:
    """The documented handler with the pool of this process."""
    return await users.create_user(request.app.state.pool, user, response)


@router.put("/users/{id}")
async def replace_user(
    request: Request, user_id: Annotated[users.UserId, Path(alias="id")], user: users.UserInput
) -> users.User:
    """The documented handler with the pool of this process."""
    return await users.replace_user(request.app.state.pool, user_id, user)


@router.get("/external")
async def get_external(request: Request, key: external.Key) -> external.External:
    """The documented handler with the upstream's client of this process."""
    return await external.get_external(request.app.state.upstream, key)


def add_routes(app: FastAPI) -> None:
    """Puts the routes on the application's own router, which an included router would stand before."""
    for routes in (health.router, echo.router, router, protected.router, upload.router):
        app.router.routes.extend(routes.routes)
