"""Routes whose JSON body is parsed strictly and limited in size."""

from collections.abc import Callable, Coroutine
from http import HTTPStatus
from typing import Any

from fastapi import HTTPException, Request, Response
from fastapi.routing import APIRoute
from pydantic_core import from_json

LIMIT_BYTES = 1_048_576


class JsonRequest(Request):
    """A request that must have a JSON body of at most `LIMIT_BYTES`."""

    async def body(self) -> bytes:
        """The whole body; over the limit it is refused without being read further."""
        if not hasattr(self, "_body"):
            body = bytearray()
            async for chunk in self.stream():
                body += chunk
                if len(body) > LIMIT_BYTES:
                    raise HTTPException(
                        HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"The body is larger than {LIMIT_BYTES} bytes."
                    )
            if not body:
                raise HTTPException(HTTPStatus.BAD_REQUEST, "The body is empty.")
            self._body = bytes(body)
        return self._body

    async def json(self) -> Any:  # noqa: ANN401  # JSON has no narrower type, and Starlette declares it so
        """The parsed body; unlike `json.loads` it refuses `NaN`, and its ValueError becomes FastAPI's answer 400."""
        return from_json(await self.body(), allow_inf_nan=False)


class JsonRoute(APIRoute):
    """Gives the routes that take a body a `JsonRequest`; the others stay as they are."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """FastAPI's handler of the route."""
        handler = super().get_route_handler()
        if self.body_field is None:
            return handler

        async def handle(request: Request) -> Response:
            content_type = request.headers.get("content-type", "application/json")
            if not content_type.lower().startswith("application/json"):
                raise HTTPException(HTTPStatus.BAD_REQUEST, "The body is not declared as application/json.")
            return await handler(JsonRequest(request.scope, request.receive))

        return handle
