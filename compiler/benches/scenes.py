"""Trials that go wrong, or meet a limit, on purpose: what is done to which of them, and when."""
# ruff: noqa: INP001  # a part of a program of its own

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field

from benches.harm import (
    Harm,
    Part,
    Stage,
    besieged,
    crowded,
    executed,
    generator,
    killed,
    paused,
    postmaster,
    queried,
    recalled,
    server,
    thinking,
    upstream,
)
from benches.trials import Subject
from benchmark_lab.apply.calibrate import served_by_nothing
from benchmark_lab.apply.k6_options import k6_load
from benchmark_lab.bundle import Cell, Load, Thresholds
from benchmark_lab.loads import open_load


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
    thresholds: Thresholds = field(default_factory=Thresholds)

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
        while (pid := stage.generator(self.part)) is None or not stage.is_loading(pid):
            if ended.wait(0.02):
                return
        connect_s = k6_load(self.load).connect_s if self.part == "measure" else 0.0
        if not ended.wait(connect_s + self.after_s):
            with harm(stage):
                while stage.generator(self.part) == pid and not ended.wait(0.02):
                    pass


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

WARMUP_S, WINDOW_S = 2.0, 10.0
GENTLE = open_load(100, warmup_s=WARMUP_S, window_s=WINDOW_S)
ONE_CPU = Thresholds(generator_cpus_busy=1.0)
"""Of two CPUs database and upstream have the generator's."""
LOSING = """
CREATE FUNCTION lose() RETURNS trigger LANGUAGE plpgsql AS
  'BEGIN IF random() < 0.2 THEN RETURN NULL; END IF; RETURN NEW; END';
CREATE TRIGGER lose BEFORE INSERT ON user_events FOR EACH ROW EXECUTE FUNCTION lose()"""
"""A fifth of the events is lost from then on, while every statement succeeds."""
SLOWING = """
CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(0.1); RETURN NEW; END';
CREATE TRIGGER slow BEFORE INSERT ON user_events FOR EACH ROW EXECUTE FUNCTION slow()"""


def closed(vus: int, window_s: float = WINDOW_S) -> Load:
    """So many virtual users."""
    return Load(model="closed", vus=vus, warmup_s=WARMUP_S, window_s=window_s)


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
    """An upstream that fails one call in ten."""
    return cell.model_copy(update={"upstream": {**cell.upstream, "failure_rate": 0.1}})


SCENES = (
    Scene("valid-open", READ, GENTLE),
    Scene("valid-closed", TWO_PATIENT_WORKERS, closed(32, window_s=20)),
    Scene("short", HEALTH, open_load(100, warmup_s=1, window_s=3)),
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
    Scene("late-arrivals", HEALTH, GENTLE, harm=paused(generator("measure"), 0.2)),
    Scene("littles-law", HEALTH, closed(8), around=thinking),
    Scene("network-limited", WITHOUT_KEEP_ALIVE, closed(16), changed=with_short_queue),
    Scene("db-limited", READ, GENTLE, harm=queried, after_s=0, thresholds=ONE_CPU),
    Scene("upstream-limited", CALL, GENTLE, harm=besieged, after_s=0, thresholds=ONE_CPU),
    Scene("dropped-iterations", TWO_THREADS, open_load(40, warmup_s=WARMUP_S, window_s=WINDOW_S)),
    Scene("errors", CALL, GENTLE, changed=with_failing_upstream),
    Scene("no-steady-state", TWO_PATIENT_WORKERS, closed(16, window_s=24), harm=crowded("sut"), after_s=12),
    Scene("too-few-samples", UPLOAD, open_load(4, warmup_s=WARMUP_S, window_s=WINDOW_S)),
    Scene("rows-missing", WRITE, GENTLE, harm=executed(LOSING), part="warmup", after_s=0.2),
    Scene("upstream-not-called", CALL, GENTLE, changed=served_by_nothing),
    Scene("limited-by-upstream", SLOW_CALL, closed(32)),
    Scene("limited-by-sut-slots", TWO_THREADS, closed(32)),
    Scene("blocked-worker", TWO_PATIENT_WORKERS, closed(16), harm=paused(server, 9.8), after_s=0.1),
    Scene("limited-by-pool", POOL_OF_ONE, closed(32), thresholds=ONE_CPU),
    Scene("limited-by-db-locks", ONE_ROW, closed(32), thresholds=ONE_CPU),
    Scene("limited-by-db-slow", WRITE, closed(32), harm=executed(SLOWING), part="warmup", after_s=0.2),
    Scene("limited-by-unknown", WRITE, closed(2)),
    Scene("limited-by-neighbour", TWO_PATIENT_WORKERS, closed(16), around=crowded("sut")),
    Scene("database-failed", READ, GENTLE, harm=killed(postmaster)),
)
"""The last one leaves no database behind."""
