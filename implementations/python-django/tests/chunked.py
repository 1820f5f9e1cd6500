"""A server that hands the application bodies in chunks, as Gunicorn does where a client declares no length."""

import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


class Trickle(io.BytesIO):
    """A body that arrives in pieces of at most `size` bytes."""

    def __init__(self, body: bytes, size: int) -> None:
        super().__init__(body)
        self.size = size

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(self.size if size is None or size < 0 else min(size, self.size))


def chunked(app: "WSGIApplication", size: int) -> "WSGIApplication":
    """The application behind such a server."""
    return lambda environ, start_response: app(
        {name: value for name, value in environ.items() if name != "CONTENT_LENGTH"}
        | {"wsgi.input": Trickle(environ["wsgi.input"].read(), size), "wsgi.input_terminated": True},
        start_response,
    )
