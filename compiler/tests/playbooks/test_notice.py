"""The notice that hosts of spare capacity get, asked of a service as Amazon's."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from ansible.module_utils.lab_notice import notices


class Metadata(BaseHTTPRequestHandler):
    """Version 2 of the service: who has no token is told nothing."""

    protocol_version = "HTTP/1.1"
    statuses: list[int] = []
    """Of the answers to come; the last one stays."""

    def do_PUT(self) -> None:
        asked = self.path == "/latest/api/token" and self.headers["X-aws-ec2-metadata-token-ttl-seconds"] == "60"
        self.answer(200 if asked else 400, b"a-token")

    def do_GET(self) -> None:
        if self.headers["X-aws-ec2-metadata-token"] != "a-token":
            self.answer(401, b"")
        elif self.path == "/latest/meta-data/spot/instance-action":
            status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
            self.answer(status, b'{"action": "terminate", "time": "2026-11-23T12:00:00Z"}' if status == 200 else b"")
        else:
            self.answer(500, b"")

    def answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base class's name
        """Nothing."""


@pytest.fixture
def service() -> Iterator[str]:
    listening = ThreadingHTTPServer(("127.0.0.1", 0), Metadata)
    listening.daemon_threads = True
    threading.Thread(target=listening.serve_forever, daemon=True).start()
    yield f"127.0.0.1:{listening.server_address[1]}"
    listening.shutdown()
    listening.server_close()


@pytest.mark.parametrize(
    ("statuses", "expected"), [([404], 0), ([200], 1), ([503, 404], 0), ([503, 200], 1), ([503], 1)]
)
def test_a_notice_counts_and_so_does_a_service_that_does_not_tell(
    service: str, statuses: list[int], expected: int
) -> None:
    Metadata.statuses[:] = statuses
    assert notices(service) == {"notices": expected}


def test_a_host_without_the_service_cannot_tell() -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), Metadata) as closed:
        address = f"127.0.0.1:{closed.server_address[1]}"
    assert notices(address) == {"notices": 1}


def test_of_hosts_that_nobody_takes_away_nothing_is_said() -> None:
    assert notices("") == {}
