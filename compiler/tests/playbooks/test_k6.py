"""Real k6 processes: several that share a load, and the series of a window."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from ansible.module_utils.lab_k6 import Generator, run, segment

from benchmark_lab.run import LoadObservation

SCRIPT = """
import http from 'k6/http';
import { Counter } from 'k6/metrics';
const answers = new Counter('series_answers');
const latency = new Counter('series_latency_ms');
export default function () {
  http.get(`${__ENV.BASE_URL}/${__ENV.PART}`);
  answers.add(1);
  latency.add(2);
}
export function handleSummary({ metrics, state }) {
  const count = (name) => metrics[name]?.values.count ?? 0;
  return { stdout: JSON.stringify({
    window_s: state.testRunDurationMs / 1000,
    requests: count('http_reqs'),
    failed_requests: 0,
    latency_ms: { quantiles: [], tail: {}, mean: 2 },
  }) };
}
"""
RATE = 60


def open_load(duration_s: float) -> dict[str, object]:
    ready = {"preAllocatedVUs": 21, "maxVUs": 21}
    executor = {"executor": "constant-arrival-rate", "rate": RATE, "timeUnit": "1s", "duration": f"{duration_s}s"}
    return {"scenarios": {"measure": {**executor, **ready}}}


class Counting(BaseHTTPRequestHandler):
    """Answers at once, and remembers what was asked for."""

    protocol_version = "HTTP/1.1"
    paths: list[str] = []

    def do_GET(self) -> None:
        self.paths.append(self.path)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base class's name
        """Nothing."""


@pytest.fixture
def server() -> Iterator[str]:
    Counting.paths.clear()
    listening = ThreadingHTTPServer(("127.0.0.1", 0), Counting)
    listening.daemon_threads = True
    threading.Thread(target=listening.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{listening.server_address[1]}"
    listening.shutdown()
    listening.server_close()


def generator(folder: Path, k6: str, url: str, processes: int = 1) -> object:
    (folder / "script.js").write_text(SCRIPT)
    env = {"BASE_URL": url, "PATH": os.environ["PATH"]}
    return Generator(k6, str(folder / "script.js"), env, [], processes, folder)


def test_the_parts_of_a_load_are_k6s_execution_segments() -> None:
    assert segment(0, 1) == []
    assert segment(1, 3) == ["--execution-segment=1/3:2/3", "--execution-segment-sequence=0,1/3,2/3,1"]
    assert segment(2, 3)[0] == "--execution-segment=2/3:1"


@pytest.mark.tools
def test_one_process_has_a_series_of_its_window(tmp_path: Path, k6: str, server: str) -> None:
    (found,) = run(generator(tmp_path, k6, server), "measure", open_load(4), 4, follow=True)
    observed = LoadObservation.model_validate(found)
    assert observed.problem is None
    assert observed.requests == pytest.approx(4 * RATE, abs=2)
    assert 0.1 < observed.cpu_s < observed.wall_s * 2
    assert list(observed.throughput_series_rps) == pytest.approx([RATE] * 4, rel=0.15)
    assert observed.latency_series_ms == (2.0,) * 4
    assert set(Counting.paths) == {"/measure-0"}


@pytest.mark.tools
def test_several_processes_share_the_load_and_run_at_once(tmp_path: Path, k6: str, server: str) -> None:
    loads = run(generator(tmp_path, k6, server, processes=3), "warmup", open_load(2), 2, follow=False)
    assert [load["problem"] for load in loads] == [None] * 3
    assert [load["requests"] for load in loads] == pytest.approx([2 * RATE / 3] * 3, abs=2)
    assert sum(load["requests"] for load in loads) == pytest.approx(2 * RATE, abs=2)
    assert max(load["start_s"] for load in loads) < min(load["end_s"] for load in loads) - 1
    assert set(Counting.paths) == {"/warmup-0", "/warmup-1", "/warmup-2"}
    assert "throughput_series_rps" not in loads[0]


@pytest.mark.tools
def test_a_process_that_is_killed_is_a_problem_and_the_others_count(tmp_path: Path, k6: str, server: str) -> None:
    def kill_the_second() -> None:
        while "/measure-1" not in Counting.paths:
            time.sleep(0.05)
        (pid,) = (
            int(path.parent.name)
            for path in Path("/proc").glob("[0-9]*/environ")
            if int(path.parent.name) != os.getpid() and _reads(path, f"{tmp_path}", "PART=measure-1")
        )
        os.kill(pid, signal.SIGKILL)

    killer = threading.Thread(target=kill_the_second)
    killer.start()
    first, second = run(generator(tmp_path, k6, server, processes=2), "measure", open_load(2), 2, follow=True)
    killer.join()
    assert first["problem"] is None
    assert "k6 was ended by signal 9 (SIGKILL)" in second["problem"]
    assert LoadObservation.model_validate(second).requests == 0


def _reads(path: Path, *words: str) -> bool:
    try:
        text = path.read_text(errors="replace")
    except OSError:
        return False
    return all(word in text for word in words)


@pytest.mark.tools
def test_a_script_that_fails_says_so_with_what_k6_wrote(tmp_path: Path, k6: str, server: str) -> None:
    made = generator(tmp_path, k6, server)
    (tmp_path / "script.js").write_text("throw new Error('no such luck')")
    (found,) = run(made, "measure", open_load(1), 1, follow=True)
    assert "k6 ended with status 107" in found["problem"]
    assert "no such luck" in found["problem"]
