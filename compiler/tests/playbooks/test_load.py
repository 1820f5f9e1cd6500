"""The parts of a load that several hosts begin together, with a program in k6's place."""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from ansible.module_utils import lab_load

K6 = """
import json, os, sys, time
from http.server import BaseHTTPRequestHandler, HTTPServer

class Api(BaseHTTPRequestHandler):
    paused = True

    def do_GET(self):
        body = json.dumps({"data": {"attributes": {"status": 4, "paused": self.paused}}}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_PATCH(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        Api.paused = False
        self.do_GET()

    def log_message(self, *args): pass

address = next(word for word in sys.argv if word.startswith("--address="))
with HTTPServer(("127.0.0.1", int(address.rsplit(":", 1)[1])), Api) as server:
    while Api.paused:
        server.handle_request()
with open(os.path.join(os.environ["HOME"], "parts"), "a") as parts:
    print(os.environ["PART"], os.environ["GOMEMLIMIT"], time.time(), file=parts)
time.sleep(0.6)
"""
"""It says that it is ready, notes when it was let go, and then takes half a second longer than it was asked to."""
OPTIONS = {"warmup": {}, "measure": {}, "warmup_s": 0.1, "window_s": 0.1, "connect_s": 0.1}
NO_UPSTREAM = {"upstream_url": "", "upstream_settings": None}
Confer = Callable[[dict[str, object]], dict[str, object]]


@pytest.fixture
def params(tmp_path: Path) -> dict[str, object]:
    """Of the second of two hosts."""
    k6, program = tmp_path / "slow-k6", tmp_path / "k6.py"
    program.write_text(K6)
    k6.write_text(f"#!/bin/sh\nexec '{sys.executable}' '{program}' \"$@\"\n")
    k6.chmod(0o755)
    own = {"k6": str(k6), "script": "", "env": {}, "cpus": [], "metadata": ""}
    shared = {"folder": str(tmp_path), "segment": 1, "segments": 2, "beside": 1, "ahead_s": 0.0}
    return {**own, **shared, **OPTIONS, **NO_UPSTREAM}


def parts(folder: Path) -> list[str]:
    file = folder / "parts"
    return [line.split()[0] for line in file.read_text().splitlines()] if file.exists() else []


def telling(*begins_in_s: float | None) -> tuple[Confer, list[dict[str, object]]]:
    """What tells a load when to begin, each time that it asks, from then on; and what it was told itself."""
    heard: list[dict[str, object]] = []

    def confer(so_far: dict[str, object]) -> dict[str, object]:
        in_s = begins_in_s[len(heard)]
        heard.append(so_far)
        return {"begin_at_s": None if in_s is None else time.time() + in_s}

    return confer, heard


def test_several_hosts_warm_up_however_long_that_takes_and_then_begin_the_window_together(
    tmp_path: Path, params: dict[str, object]
) -> None:
    confer, heard = telling(0.1, 0.3)
    began_s = time.time()
    lab_load.measure(params, confer)
    assert heard[0] == {}
    assert heard[1]["warmup"]["wall_s"] > 0.6  # type: ignore[index]
    warmup_s, window_taken_s = (float(line.split()[-1]) for line in (tmp_path / "parts").read_text().splitlines())
    assert warmup_s > began_s + 0.1
    assert window_taken_s > warmup_s + 0.6 + 0.3
    assert parts(tmp_path) == ["warmup-1", "measure-1"]


def test_several_k6_processes_on_one_machine_share_the_memory_that_one_may_fill(
    tmp_path: Path, params: dict[str, object]
) -> None:
    for beside in (0, 3):
        lab_load.measure({**params, "segments": 1, "segment": 0, "beside": beside}, lambda _: {"begin_at_s": 0.0})
    limits = [int(line.split()[1]) for line in (tmp_path / "parts").read_text().splitlines()]
    alone, one_of_four = limits[0], limits[2]
    assert alone == os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 4
    assert one_of_four == pytest.approx(alone / 4, rel=1e-6)


@pytest.mark.parametrize(
    ("begins_in_s", "problem", "begun"),
    [
        ((-0.5,), "0.5 s late for", []),
        ((90.0,), "it is off", []),
        ((0.1, -0.5), "0.5 s late for", ["warmup-1"]),
        ((0.1, 90.0), "it is off", ["warmup-1"]),
    ],
)
def test_a_host_that_cannot_begin_with_the_others_loads_nothing(
    params: dict[str, object], begins_in_s: tuple[float, ...], problem: str, begun: list[str]
) -> None:
    with pytest.raises(lab_load.ClockError, match=problem):
        lab_load.measure(params, telling(*begins_in_s)[0])
    assert parts(Path(str(params["folder"]))) == begun


@pytest.mark.parametrize(("begins_in_s", "begun"), [((None,), []), ((0.1, None), ["warmup-1"])])
def test_a_host_that_is_not_to_begin_loads_nothing_and_leaves_no_k6(
    params: dict[str, object], begins_in_s: tuple[float | None, ...], begun: list[str]
) -> None:
    assert lab_load.load(params, telling(*begins_in_s)[0]) == {"clean": False}
    assert parts(Path(str(params["folder"]))) == begun
    program = str(params["k6"]).replace("slow-k6", "k6.py").encode()
    assert not [path for path in Path("/proc").glob("[0-9]*/cmdline") if program in _read(path)]


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
