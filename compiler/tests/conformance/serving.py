"""HTTP/1.1 for the servers of these tests: sockets and framing, so that they are left with meaning."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BufferedIOBase
from urllib.parse import parse_qs, unquote, urlsplit

_PIECE = 65_536


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    query: dict[str, str]
    headers: Message
    read: Callable[[int], bytes]
    """The next bytes of the body, at most so many; empty at its end."""


@dataclass(frozen=True)
class Response:
    status: int
    content: bytes
    headers: dict[str, str] = field(default_factory=dict)
    close: bool = False
    """Close the connection without a word."""


Application = Callable[[Request], Response]


@contextmanager
def serve(application: Application) -> Iterator[str]:
    """Serves the application on a free port; yields its base URL."""
    server = _Server(("127.0.0.1", 0), _handler(application))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    request_queue_size = 128


def _handler(application: Application) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = 65_536

        def __getattr__(self, name: str) -> Callable[[], None]:
            """The library asks for do_GET, do_POST and so on."""
            if name.startswith("do_"):
                return self.answer
            raise AttributeError(name)

        def answer(self) -> None:
            chunked = self.headers.get("Transfer-Encoding") == "chunked"
            pieces = _chunks(self.rfile) if chunked else _sized(self.rfile, int(self.headers.get("Content-Length", 0)))
            read = _Reader(pieces)
            parts = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
            response = application(Request(self.command, unquote(parts.path), query, self.headers, read))
            # What the application left unread must not be taken for the next request.
            while read(_PIECE):
                pass
            self.send_response(response.status)
            for name, value in (response.headers | {"Content-Length": str(len(response.content))}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(response.content)
            self.close_connection = self.close_connection or response.close

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the name is the library's
            pass

    return Handler


def _sized(stream: BufferedIOBase, left: int) -> Iterator[bytes]:
    while left:
        piece = stream.read(min(_PIECE, left))
        left -= len(piece)
        yield piece


def _chunks(stream: BufferedIOBase) -> Iterator[bytes]:
    while size := int(stream.readline(), 16):
        yield stream.read(size)
        stream.readline()
    stream.readline()


class _Reader:
    """Pieces of any size, read by count."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = b""

    def __call__(self, count: int) -> bytes:
        self._rest = self._rest or next(self._pieces, b"")
        content, self._rest = self._rest[:count], self._rest[count:]
        return content
