"""Harm that is done to a trial: processes killed or held up, neighbours, statements, metadata."""
# ruff: noqa: INP001, S603, TID251  # a part of a program of its own, which starts others and reads files

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Literal, LiteralString

import httpx
import psycopg

from benches.servers import lab_processes
from benches.trials import Bench

Processes = Callable[["Stage"], Sequence[int]]
"""Finds the pids of some processes."""
Harm = Callable[["Stage"], AbstractContextManager[None]]
"""What is done to a trial, within; undone at its end."""
Part = Literal["warmup", "measure"]


@dataclass(frozen=True, slots=True)
class Stage:
    """The hosts of a bench, as far as harm can be done to them."""

    bench: Bench

    @property
    def inventory(self) -> Path:
        """Ansible's, which each playbook reads anew."""
        return self.bench.rounds.hosts.inventory

    def process(self, host: str, name: str) -> int:
        """The pid of a process that the roles have started on a host."""
        record = lab_processes.read_record(self.inventory.parent / host, name)
        if record is None:
            raise LookupError(f"{host} has no process {name}")
        return int(record.pid)

    def generator(self, part: Part) -> int | None:
        """The pid of the k6 that carries out this part of a trial now."""
        config = f"--config={self.inventory.parent}/load-0/k6/{part}.json".encode()
        for pid in lab_processes.all_pids():
            with suppress(OSError):
                if config in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0"):
                    return int(pid)
        return None

    def is_loading(self, pid: int) -> bool:
        """True once a k6 loads the server: it gets ready earlier, and waits."""
        try:
            words = Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
            address = next(word.removeprefix("--address=") for word in words if word.startswith("--address="))
            status = httpx.get(f"http://{address}/v1/status", trust_env=False).json()["data"]["attributes"]
        except (OSError, httpx.HTTPError, ValueError):  # it has ended, or does not listen yet
            return False
        return not status["paused"]

    def database(self) -> psycopg.Connection:
        """A connection with all rights, each of whose statements is a transaction."""
        return psycopg.connect(
            host=str(self.inventory.parent / "db-0" / "postgresql"),  # its private socket
            port=self.bench.rounds.hosts.ports["database"],
            user="postgres",
            dbname="lab",
            autocommit=True,
        )


def server(stage: Stage) -> Sequence[int]:
    """The processes that serve."""
    return [stat.pid for stat in lab_processes.workers_of(stage.process("sut-0", "sut"), ["resource_tracker"])]


def upstream(stage: Stage) -> Sequence[int]:
    """The upstream."""
    return [stage.process("db-0", "upstream")]


def postmaster(stage: Stage) -> Sequence[int]:
    """PostgreSQL's first process."""
    return [stage.process("db-0", "postgresql")]


def generator(part: Part) -> Processes:
    """The k6 of a part of the trial."""
    return lambda stage: [pid for pid in [stage.generator(part)] if pid]


def killed(processes: Processes) -> Harm:
    """End the first of the processes for good."""

    @contextmanager
    def harm(stage: Stage) -> Iterator[None]:
        os.kill(processes(stage)[0], signal.SIGKILL)
        yield

    return harm


def paused(processes: Processes, for_s: float) -> Harm:
    """Hold the first of the processes up for a time."""

    @contextmanager
    def harm(stage: Stage) -> Iterator[None]:
        pid = processes(stage)[0]
        os.kill(pid, signal.SIGSTOP)
        try:
            time.sleep(for_s)
        finally:
            os.kill(pid, signal.SIGCONT)
        yield

    return harm


@contextmanager
def beside(argv: Sequence[str], cpus: Sequence[int]) -> Iterator[None]:
    """Another program on some CPUs."""
    other = subprocess.Popen(argv, stdout=subprocess.DEVNULL, preexec_fn=partial(os.sched_setaffinity, 0, cpus))  # noqa: PLW1509  it starts no thread between
    try:
        yield
    finally:
        other.kill()
        other.wait()


def crowded(role: Literal["sut", "load"]) -> Harm:
    """A neighbour that never rests, on the CPUs of a role."""
    argv = [sys.executable, "-c", "while True: pass"]
    return lambda stage: beside(argv, getattr(stage.bench.rounds.hosts.cpus, role))


def besieged(stage: Stage) -> AbstractContextManager[None]:
    """Other clients of the upstream than the server."""
    hosts = stage.bench.rounds.hosts
    url = f"http://127.0.0.1:{hosts.ports['upstream']}/value?key=other"
    return beside(["wrk", "--threads=1", "--connections=800", "--duration=60", url], hosts.cpus.sut)


@contextmanager
def queried(stage: Stage) -> Iterator[None]:
    """Somebody else's statements, one after the other."""
    enough = threading.Event()

    def query() -> None:
        with stage.database() as connection:
            while not enough.is_set():
                connection.execute("SELECT sum(n) FROM generate_series(1, 200000) n")

    thread = threading.Thread(target=query, daemon=True)
    thread.start()
    try:
        yield
    finally:
        enough.set()
        thread.join()


def executed(sql: LiteralString) -> Harm:
    """Some SQL in the database, which is made anew after trials that write to it."""

    @contextmanager
    def harm(stage: Stage) -> Iterator[None]:
        with stage.database() as connection:
            connection.execute(sql)
        yield

    return harm


THINKING = """\
import { sleep } from 'k6';
import { getHealth } from './lib/requests.js';

export { connect, handleSummary, options } from './lib/endpoint.js';

const ask = getHealth();

export default function () {
  ask();
  sleep(0.005);
}
"""


@contextmanager
def thinking(stage: Stage) -> Iterator[None]:
    """A scenario whose virtual users think between two requests, which those of a closed load must not."""
    script = stage.bench.bundle.files / "scenarios" / "01-lightweight.js"
    as_it_is = script.read_text()
    script.write_text(THINKING)
    try:
        yield
    finally:
        script.write_text(as_it_is)


class Notice(BaseHTTPRequestHandler):
    """The metadata of a host that is taken back in two minutes."""

    def do_PUT(self) -> None:
        """A token."""
        self._answer(b"token")

    def do_GET(self) -> None:
        """The notice."""
        self._answer(b'{"action": "terminate", "time": "2026-11-29T18:00:00Z"}')

    def _answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the library's name
        """Nothing of it."""


@contextmanager
def recalled(stage: Stage) -> Iterator[None]:
    """Hosts of spare capacity, whose metadata says that they are taken back."""
    as_it_is = stage.inventory.read_text()
    with ThreadingHTTPServer(("127.0.0.1", 0), Notice) as metadata:
        threading.Thread(target=metadata.serve_forever, daemon=True).start()
        inventory = json.loads(as_it_is)
        inventory["all"]["vars"]["lab_metadata"] = f"127.0.0.1:{metadata.server_port}"
        stage.inventory.write_text(json.dumps(inventory))
        try:
            yield
        finally:
            stage.inventory.write_text(as_it_is)
            metadata.shutdown()
