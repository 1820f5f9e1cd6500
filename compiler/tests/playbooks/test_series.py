import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from ansible.module_utils.lab_series import Follower, Progress, series


def test_each_whole_second_has_its_throughput_and_mean_latency() -> None:
    seen = [Progress(0.5, 50, 50, 100), Progress(1.0, 100, 100, 200), Progress(2.0, 300, 300, 1200)]
    found = series(seen, Progress(3.2, 420, 420, 1440))
    assert found == {
        "series_interval_s": 1.0,
        "throughput_series_rps": [100, 200, 100],
        "latency_series_ms": [2, 5, 2],
    }


def test_a_second_between_two_answers_of_k6_is_interpolated() -> None:
    found = series([Progress(1.5, 150, 0, 0), Progress(2.5, 350, 0, 0)], Progress(2.6, 350, 0, 0))
    assert found["throughput_series_rps"] == [100, 150]


def test_a_window_under_a_second_has_no_series() -> None:
    assert series([], Progress(0.9, 10, 10, 10))["throughput_series_rps"] == []


def test_latencies_are_left_out_where_the_scenario_does_not_count_them_or_a_second_has_none() -> None:
    uncounted = [Progress(1.0, 100, 0, 0), Progress(2.0, 200, 0, 0)]
    assert series(uncounted, Progress(2.1, 200, 200, 400))["latency_series_ms"] == []
    stuck = [Progress(1.0, 100, 100, 200), Progress(2.0, 100, 100, 200)]
    assert series(stuck, Progress(2.1, 100, 100, 200))["latency_series_ms"] == []


def test_what_k6_tells_after_its_window_does_not_count() -> None:
    seen = [Progress(1.0, 100, 0, 0), Progress(2.0, 200, 0, 0)]
    assert series(seen, Progress(2.0, 200, 0, 0))["throughput_series_rps"] == [100, 100]


class FakeApi(BaseHTTPRequestHandler):
    """Answers as k6's API does: one second and a quarter after its executors began, and then 10 ms later each time."""

    protocol_version = "HTTP/1.1"
    counts: list[int] = []
    """Of the requests, one for each question; the last one stays."""
    asked = 0

    def do_GET(self) -> None:
        is_known = self.path == "/v1/metrics/http_reqs" and bool(self.counts)
        sample = {}
        if is_known:
            count = self.counts[min(type(self).asked, len(self.counts) - 1)]
            sample = {"count": count, "rate": count / (1.25 + type(self).asked / 100)}
            type(self).asked += 1
        body = json.dumps({"data": {"attributes": {"sample": sample}}} if is_known else {"errors": []}).encode()
        self.send_response(200 if is_known else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base class's name
        """Nothing."""


@pytest.fixture
def api() -> Iterator[int]:
    FakeApi.counts, FakeApi.asked = [], 0
    server = ThreadingHTTPServer(("127.0.0.1", 0), FakeApi)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


def followed(port: int, times: int) -> Follower:
    follower = Follower(port)
    for _ in range(times):
        follower.ask()
    follower.close()
    return follower


def test_a_count_is_taken_when_it_has_just_changed(api: int) -> None:
    FakeApi.counts = [250, 250, 250, 260]
    assert followed(api, 3).seen == []
    FakeApi.asked = 0
    (progress,) = followed(api, 4).seen
    assert progress.requests == 260
    assert progress.elapsed_s == pytest.approx(1.28)


def test_the_next_question_comes_when_the_next_second_of_the_window_ends(api: int) -> None:
    FakeApi.counts = [250, 260]
    asked = time.monotonic()
    follower = followed(api, 2)
    assert follower.due_s - asked == pytest.approx(0.74, abs=0.05)


def test_a_k6_that_counts_nothing_any_more_is_believed_after_a_while(api: int) -> None:
    FakeApi.counts = [250]
    (progress,) = followed(api, 7).seen
    assert progress.requests == 250


def test_a_k6_without_requests_or_without_an_api_is_asked_again_soon(api: int) -> None:
    for port in (api, 1):
        follower = followed(port, 1)
        assert follower.seen == []
        assert follower.due_s - time.monotonic() < 0.06
