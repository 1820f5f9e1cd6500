"""Trials that go wrong, or meet a limit, on purpose: what is done to which of them, and when."""
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
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Literal, LiteralString

import psycopg

from benches.servers import lab_processes
from benches.trials import Bench, Subject
from benchmark_lab.bundle import Cell, Limits, Load
from benchmark_lab.generator import k6_load, open_load
from benchmark_lab.runtime.calibration import served_by_nothing

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

    def database(self) -> psycopg.Connection:
        """A connection with all rights, each of whose statements is a transaction."""
        return psycopg.connect(
            host=str(self.inventory.parent / "db-0" / "postgresql"),  # its private socket
            port=self.bench.rounds.hosts.ports["database"],
            user="postgres",
            dbname="lab",
            autocommit=True,
        )


@dataclass(frozen=True, slots=True)
class Scene:
    """One trial and what is done to it."""

    name: str
    """Of the measurement, as compiler/tests/measurements has it."""
    subject: Subject
    load: Load
    around: Harm = field(default=lambda _: nullcontext())
    """Done from before the trial until after it."""
    harm: Harm | None = None
    """Done by another thread, from a moment of the trial on until its k6 has ended."""
    part: Part = "measure"
    """Which k6's."""
    after_s: float = 3.0
    """The moment: since that k6 began to load the server."""
    changed: Callable[[Cell], Cell] = lambda cell: cell
    """What the trial gets instead of that cell."""
    limits: Limits = field(default_factory=Limits)

    def cell(self, cells: Sequence[Cell]) -> Cell:
        """The subject's cell with the scene's name and load, as it should be."""
        return self.subject.among(cells).model_copy(update={"id": self.name, "load": self.load})

    @contextmanager
    def played(self, stage: Stage) -> Iterator[None]:
        """Does the harm to the trial that is run within."""
        with self.around(stage):
            if self.harm is None:
                yield
                return
            ended = threading.Event()
            thread = threading.Thread(target=self._do_harm, args=(stage, self.harm, ended), daemon=True)
            thread.start()
            try:
                yield
            finally:
                ended.set()
                thread.join()

    def _do_harm(self, stage: Stage, harm: Harm, ended: threading.Event) -> None:
        while (pid := stage.generator(self.part)) is None:
            if ended.wait(0.02):
                return
        connect_s = k6_load(self.load).connect_s if self.part == "measure" else 0.0
        if not ended.wait(connect_s + self.after_s):
            with harm(stage):
                while stage.generator(self.part) == pid and not ended.wait(0.02):
                    pass


# --- what is done --------------------------------------------------------------------------------------------------


def server(stage: Stage) -> Sequence[int]:
    """The processes that serve."""
    return [stat.pid for stat in lab_processes.workers_of(stage.process("sut-0", "sut"), ["resource_tracker"])]


def upstream(stage: Stage) -> Sequence[int]:
    """The simulated external API."""
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
    """Other clients of the simulated external API than the server."""
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


# --- to what -------------------------------------------------------------------------------------------------------

HEALTH = Subject("python-fastapi", "uvicorn", "01-lightweight")
READ = Subject("python-fastapi", "uvicorn", "03-db-read")
WRITE = Subject("python-fastapi", "uvicorn", "04-db-write")
CALL = Subject("python-fastapi", "uvicorn", "05-external-api")
TWO_WORKERS = Subject("python-fastapi", "uvicorn", "01-lightweight", 2)
TWO_PATIENT_WORKERS = Subject("python-flask", "gunicorn-gthread", "01-lightweight", 2)
"""Whose master waits for longer than a window before it replaces a worker that does not answer."""
TWO_THREADS = Subject("python-flask", "gunicorn", "05-external-api", 2, {"latency_ms": 100})
UPLOAD = Subject("python-fastapi", "uvicorn", "07-file-upload", 1, {"file_mib": 10})
WITHOUT_KEEP_ALIVE = Subject("python-flask", "gunicorn", "01-lightweight")
FAST = Subject("go-fiber", "fiber", "01-lightweight")
POOL_OF_ONE = Subject("go-fiber", "fiber", "03-db-read", 1, {"pool_size": 1})
ONE_ROW = Subject("go-fiber", "fiber", "04-db-write", 1, {"hot_rows": 1, "update_share": 1})
SLOW_CALL = Subject("go-fiber", "fiber", "05-external-api", 1, {"latency_ms": 200})

WARMUP_S, MEASURE_S = 2.0, 10.0
GENTLE = open_load(100, warmup_s=WARMUP_S, measure_s=MEASURE_S)
ONE_CPU = Limits(generator_cpus_busy=1.0)
"""Of two CPUs database and simulated API have the generator's."""
LOSING = """
CREATE FUNCTION lose() RETURNS trigger LANGUAGE plpgsql AS
  'BEGIN IF random() < 0.2 THEN RETURN NULL; END IF; RETURN NEW; END';
CREATE TRIGGER lose BEFORE INSERT ON user_events FOR EACH ROW EXECUTE FUNCTION lose()"""
"""A fifth of the events is lost from then on, while every statement succeeds."""
SLOWING = """
CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(0.1); RETURN NEW; END';
CREATE TRIGGER slow BEFORE INSERT ON user_events FOR EACH ROW EXECUTE FUNCTION slow()"""


def closed(vus: int, measure_s: float = MEASURE_S) -> Load:
    """So many virtual users."""
    return Load(model="closed", vus=vus, warmup_s=WARMUP_S, measure_s=measure_s)


def with_pool(size: int) -> Callable[[Cell], Cell]:
    """A cell whose server opens so many connections to the database."""
    return lambda cell: cell.model_copy(update={"env": {**cell.env, "DB_POOL_TOTAL": str(size)}})


def said_to_have(workers: int) -> Callable[[Cell], Cell]:
    """A cell whose command line starts another number of processes."""
    return lambda cell: cell.model_copy(update={"workers": workers})


def with_short_queue(cell: Cell) -> Cell:
    """A Gunicorn with room for one connection that it has not accepted yet."""
    return cell.model_copy(update={"command": (*cell.command, "--backlog=1")})


def with_failing_upstream(cell: Cell) -> Cell:
    """A simulated API that fails one call in ten."""
    return cell.model_copy(update={"upstream": {**cell.upstream, "failure_rate": 0.1}})


SCENES = (
    Scene("valid-open", READ, GENTLE),
    Scene("valid-closed", TWO_PATIENT_WORKERS, closed(32, measure_s=20)),
    Scene("short", HEALTH, open_load(100, warmup_s=1, measure_s=3)),
    Scene("checkpoint", WRITE, GENTLE, harm=executed("CHECKPOINT")),
    Scene("imbalanced-workers", TWO_PATIENT_WORKERS, closed(16), harm=paused(server, 7), after_s=1),
    Scene("server-not-ready", READ, GENTLE, changed=with_pool(5000)),
    Scene("server-restarted", TWO_WORKERS, GENTLE, harm=killed(server)),
    Scene("wrong-workers", HEALTH, GENTLE, changed=said_to_have(2)),
    Scene("warm-up-failed", HEALTH, GENTLE, harm=killed(generator("warmup")), part="warmup", after_s=1),
    Scene("upstream-failed", CALL, GENTLE, harm=paused(upstream, 8), after_s=9.7),
    Scene("generator-failed", HEALTH, GENTLE, harm=killed(generator("measure"))),
    Scene("host-ending", HEALTH, GENTLE, around=recalled),
    Scene("generator-limited", FAST, closed(32)),
    Scene("generator-crowded", HEALTH, GENTLE, harm=crowded("load"), after_s=0),
    Scene("littles-law", HEALTH, closed(8), around=thinking),
    Scene("network-limited", WITHOUT_KEEP_ALIVE, closed(16), changed=with_short_queue),
    Scene("db-limited", READ, GENTLE, harm=queried, after_s=0, limits=ONE_CPU),
    Scene("upstream-limited", CALL, GENTLE, harm=besieged, after_s=0, limits=ONE_CPU),
    Scene("dropped-load", TWO_THREADS, open_load(40, warmup_s=WARMUP_S, measure_s=MEASURE_S)),
    Scene("errors", CALL, GENTLE, changed=with_failing_upstream),
    Scene("unstable", TWO_PATIENT_WORKERS, closed(16, measure_s=24), harm=crowded("sut"), after_s=12),
    Scene("too-few-samples", UPLOAD, open_load(4, warmup_s=WARMUP_S, measure_s=MEASURE_S)),
    Scene("rows-missing", WRITE, GENTLE, harm=executed(LOSING), part="warmup", after_s=0.2),
    Scene("upstream-not-called", CALL, GENTLE, changed=served_by_nothing),
    Scene("limited-by-upstream", SLOW_CALL, closed(32)),
    Scene("limited-by-sut-slots", TWO_THREADS, closed(32)),
    Scene("blocked-worker", TWO_PATIENT_WORKERS, closed(16), harm=paused(server, 9.8), after_s=0.1),
    Scene("limited-by-pool", POOL_OF_ONE, closed(32), limits=ONE_CPU),
    Scene("limited-by-db-locks", ONE_ROW, closed(32), limits=ONE_CPU),
    Scene("limited-by-db-slow", WRITE, closed(32), harm=executed(SLOWING), part="warmup", after_s=0.2),
    Scene("limited-by-unknown", WRITE, closed(2)),
    Scene("database-failed", READ, GENTLE, harm=killed(postmaster)),
)
"""The last one leaves no database behind."""
