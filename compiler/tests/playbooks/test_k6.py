"""Real k6: the parts of a load that several share, and the series of a window."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.lab_k6 import Generator, finish, launch, segment

from benchmark_lab.apply.k6_options import K6Load, Options, k6_load
from benchmark_lab.bundle import Load
from benchmark_lab.loads import open_load
from benchmark_lab.records import LoadObservation

LIBRARY = Path(__file__).parents[3] / "scenarios" / "lib"
SCRIPT = f"""
import {{ endpoint }} from 'file://{LIBRARY}/endpoint.js';
import {{ throughout }} from 'file://{LIBRARY}/iterations.js';
export {{ connect, handleSummary, options }} from 'file://{LIBRARY}/endpoint.js';
const send = endpoint('get', {{ isRight: () => true }});
export default throughout(() => {{
  send(`${{__ENV.BASE_URL}}/${{__ENV.PART}}`, null, null);
}});
"""
RATE = 60
VUS = 21  # k6 shares out the rate as it does the virtual users


def load(duration_s: float) -> K6Load:
    return k6_load(open_load(RATE, warmup_s=duration_s, window_s=duration_s, vus=VUS))


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


def generator(folder: Path, k6: str, url: str, segment: int = 0, segments: int = 1) -> Generator:
    folder.mkdir(exist_ok=True)
    (folder / "script.js").write_text(SCRIPT)
    env = {"BASE_URL": url, "SEED": "1", "PATH": os.environ["PATH"]}
    return Generator(k6, str(folder / "script.js"), env, [], folder, segment, segments)


def window(made: Generator, duration_s: float, asked: K6Load | None = None) -> dict[str, Any]:
    asked = asked or load(duration_s)
    return run(made, "measure", asked.measure, duration_s, asked.connect_s)


def run(
    made: Generator, part: str, options: Options, duration_s: float, connect_s: float | None = None
) -> dict[str, Any]:
    k6 = launch(made, part, options, connect_s)
    k6.begin()
    found: dict[str, Any] = finish(k6, duration_s)
    return found


def test_the_parts_of_a_load_are_k6s_execution_segments() -> None:
    assert segment(0, 1) == []
    assert segment(1, 3) == ["--execution-segment=1/3:2/3", "--execution-segment-sequence=0,1/3,2/3,1"]
    assert segment(2, 3)[0] == "--execution-segment=2/3:1"


@pytest.mark.tools
def test_one_process_has_a_series_of_its_window(tmp_path: Path, k6: str, server: str) -> None:
    began_s = time.monotonic()
    found = window(generator(tmp_path, k6, server), 4)
    observed = LoadObservation.model_validate(found)
    assert 3.5 < observed.wall_s < found["end_s"] - began_s - load(4).connect_s
    assert observed.problem is None
    assert observed.requests == pytest.approx(4 * RATE, abs=2)
    assert 0.1 < observed.cpu_s < observed.wall_s * 2
    assert list(observed.throughput_series_rps) == pytest.approx([RATE] * 4, rel=0.15)
    assert all(0 < latency < 50 for latency in observed.latency_series_ms)
    assert len(observed.latency_series_ms) == 4
    assert observed.window_taken_s == pytest.approx(4, abs=0.1)


@pytest.mark.tools
def test_every_connection_is_open_before_the_window_and_is_no_request_of_it(
    tmp_path: Path, k6: str, server: str
) -> None:
    began_s = time.monotonic()
    found = window(generator(tmp_path, k6, server), 2)
    before = Counting.paths.index("/measure-0")
    assert Counting.paths[:before] == ["/health"] * VUS
    assert Counting.paths[before:] == ["/measure-0"] * found["requests"]
    assert found["iterations"] == found["requests"]
    assert began_s + load(2).connect_s < found["start_s"] < found["end_s"] - 1.9


@pytest.mark.tools
def test_in_a_closed_load_each_virtual_user_sends_until_the_window_is_over(
    tmp_path: Path, k6: str, server: str
) -> None:
    closed = k6_load(Load(model="closed", vus=VUS, warmup_s=2, window_s=2))
    found = window(generator(tmp_path, k6, server), 2, closed)
    assert found["problem"] is None
    assert found["window_taken_s"] == pytest.approx(2, abs=0.2)
    assert found["requests"] == Counting.paths.count("/measure-0") > 10 * VUS
    assert VUS <= found["iterations"] <= 2 * VUS
    assert found["lag_p99_ms"] is None


@pytest.mark.tools
def test_several_share_a_load_by_its_segments(tmp_path: Path, k6: str, server: str) -> None:
    parts = [generator(tmp_path / str(number), k6, server, number, 3) for number in range(3)]
    with ThreadPoolExecutor() as pool:
        loads = [*pool.map(lambda part: run(part, "warmup", load(2).warmup, 2), parts)]
    assert [load["problem"] for load in loads] == [None] * 3
    assert [load["requests"] for load in loads] == pytest.approx([2 * RATE / 3] * 3, abs=2)
    assert sum(load["requests"] for load in loads) == pytest.approx(2 * RATE, abs=2)
    assert set(Counting.paths) == {"/warmup-0", "/warmup-1", "/warmup-2"}
    assert "throughput_series_rps" not in loads[0]


@pytest.mark.tools
def test_each_of_several_knows_when_its_own_iterations_are_due(tmp_path: Path, k6: str, server: str) -> None:
    quick = k6_load(open_load(999, warmup_s=4, window_s=4, vus=VUS))
    parts = [generator(tmp_path / str(number), k6, server, number, 3) for number in range(3)]

    def hold_up() -> None:
        pid = pid_of(tmp_path / "2", "warmup-2")
        time.sleep(1.5)
        os.kill(pid, signal.SIGSTOP)
        time.sleep(0.4)
        os.kill(pid, signal.SIGCONT)

    holder = threading.Thread(target=hold_up)
    holder.start()
    with ThreadPoolExecutor() as pool:
        loads = [*pool.map(lambda part: run(part, "warmup", quick.warmup, 4), parts)]
    holder.join()
    first, second, held_up = (load["lag_p99_ms"] for load in loads)
    assert -2 < first < 150
    assert -2 < second < 150
    assert held_up > 200


def pid_of(folder: Path, part: str) -> int:
    """The k6 that does this part, as soon as there is one."""
    while True:
        for path in Path("/proc").glob("[0-9]*/environ"):
            if int(path.parent.name) != os.getpid() and _reads(path, f"{folder}", f"PART={part}"):
                return int(path.parent.name)
        time.sleep(0.05)


@pytest.mark.tools
def test_a_process_that_is_killed_is_a_problem(tmp_path: Path, k6: str, server: str) -> None:
    def kill_it() -> None:
        while "/measure-0" not in Counting.paths:
            time.sleep(0.05)
        os.kill(pid_of(tmp_path, "measure-0"), signal.SIGKILL)

    killer = threading.Thread(target=kill_it)
    killer.start()
    found = window(generator(tmp_path, k6, server), 2)
    killer.join()
    assert "k6 was ended by signal 9 (SIGKILL)" in found["problem"]
    assert LoadObservation.model_validate(found).requests == 0


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
    found = window(made, 1)
    assert "k6 ended with status 107" in found["problem"]
    assert "no such luck" in found["problem"]
