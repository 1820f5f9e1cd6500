"""A load whose upstream fails."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from ansible.module_utils import lab_load

SUMMARY = {
    "duration_s": 2.0,
    "requests": 300,
    "failed_requests": 0,
    "failures": {},
    "successes": {"getExternal": 300},
    "iterations": 300,
    "dropped_iterations": 0,
    "connections": 0,
    "lags": 300,
    "lag_p99_ms": 0.4,
    "latency_ms": {"quantiles": [1.0, 2.0], "tail": {}, "mean": 1.5},
    "series": {"answers": 30, "latency_ms": 45.0},
}


class Forgetful(BaseHTTPRequestHandler):
    """An upstream that can be reset, and does not tell what it counted."""

    resets: list[object] = []

    def do_POST(self) -> None:
        self.resets.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(200)
        self.end_headers()

    def do_GET(self) -> None:
        self.send_error(503)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base class's name
        """Nothing."""


@pytest.fixture
def forgetful() -> Iterator[str]:
    Forgetful.resets.clear()
    listening = ThreadingHTTPServer(("127.0.0.1", 0), Forgetful)
    threading.Thread(target=listening.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{listening.server_address[1]}"
    listening.shutdown()
    listening.server_close()


def test_what_k6_measured_is_kept_where_the_api_does_not_tell_its_counts(tmp_path: Path, forgetful: str) -> None:
    k6 = tmp_path / "k6-stub"
    k6.write_text(f"#!/bin/sh\necho '{json.dumps(SUMMARY)}'\n")
    k6.chmod(0o755)
    found = lab_load.load(
        {
            "k6": str(k6),
            "script": "any.js",
            "warmup": {},
            "measure": {},
            "warmup_s": 0.0,
            "window_s": 0.0,
            "connect_s": 0.0,
            "env": {},
            "upstream_url": forgetful,
            "upstream_settings": {"latency_ms": 100},
            "segment": 0,
            "segments": 1,
            "beside": 0,
            "ahead_s": 0.0,
            "cpus": [],
            "folder": str(tmp_path),
            "metadata": "",
        },
        lambda _: {"begin_at_s": 0.0},
    )
    assert Forgetful.resets == [{"latency_ms": 100}] * 2  # before the warm-up, and before the window
    assert (found["load"]["problem"], found["load"]["requests"]) == (None, 300)
    assert "does not answer: HTTP Error 503" in found["upstream"]["problem"]
