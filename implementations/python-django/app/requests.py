"""What a request carries through middlewares and views beside what Django puts there."""

from typing import TYPE_CHECKING

from django.core.handlers.wsgi import WSGIRequest

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment


class Request(WSGIRequest):
    """A request whose body may come in chunks, which Django would take for an empty one."""

    def __init__(self, environ: "WSGIEnvironment") -> None:
        super().__init__(environ)
        if "CONTENT_LENGTH" not in environ and environ.get("wsgi.input_terminated"):
            self._stream = environ["wsgi.input"]
        self.request_id = ""
        self.subject: str | None = None
        self.middlewares: list[int] = []
