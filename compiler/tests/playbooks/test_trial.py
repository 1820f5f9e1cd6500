"""The role `trial` and its module `load`, where the simulated API or the begin fails."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType

import pytest
import yaml
from jinja2.nativetypes import NativeEnvironment

TASKS = Path(__file__).parents[3] / "playbooks" / "roles" / "trial" / "tasks" / "trial.yml"
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


@pytest.mark.parametrize(
    ("load", "window"),
    [({"start_s": 5.0, "end_s": 25.0}, (105.0, 125.0)), ({"load": {"problem": "late"}}, (0, 0)), ({}, (0, 0))],
)
@pytest.mark.parametrize("module", ["database", "server"])
def test_a_load_that_never_ran_has_no_window_by_any_hosts_clock(
    module: str, load: Mapping[str, object], window: tuple[float, float]
) -> None:
    (task,) = (of for of in yaml.safe_load(TASKS.read_text()) if of.get(module, {}).get("state") == "observed")
    given = {"trial_load": load, "trial_clock_offsets_s": {"db1": 100.0}, "lab_db": "db1", "lab_sut": "db1"}
    templates = NativeEnvironment()
    found = tuple(float(templates.from_string(task[module][at]).render(given)) for at in ("start_s", "end_s"))
    assert found == window


class Forgetful(BaseHTTPRequestHandler):
    """A simulated API that can be reset, and does not tell what it counted."""

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


def test_what_k6_measured_is_kept_where_the_api_does_not_tell_its_counts(
    tmp_path: Path, module: Callable[[str], ModuleType], forgetful: str
) -> None:
    k6 = tmp_path / "k6-stub"
    k6.write_text(f"#!/bin/sh\necho '{json.dumps(SUMMARY)}'\n")
    k6.chmod(0o755)
    found = module("load").measure(
        {
            "k6": str(k6),
            "script": "any.js",
            "warmup": {},
            "measure": {},
            "warmup_s": 0.0,
            "measure_s": 0.0,
            "connect_s": 0.0,
            "base_url": "http://127.0.0.1:1",
            "env": {},
            "secret_env": {},
            "upstream_url": forgetful,
            "upstream_settings": {"latency_ms": 100},
            "segment": 0,
            "segments": 1,
            "part": "both",
            "beside": 0,
            "begin_at_s": 0.0,
            "ahead_s": 0.0,
            "cpus": [],
            "folder": str(tmp_path),
            "metadata": "",
        }
    )
    assert Forgetful.resets == [{"latency_ms": 100}] * 2  # before the warm-up, and before the window
    assert (found["load"]["problem"], found["load"]["requests"]) == (None, 300)
    assert "does not answer: HTTP Error 503" in found["upstream"]["problem"]
