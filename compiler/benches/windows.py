"""Measures what a request costs a server that has one CPU, under wrk's load from the other CPUs, for the benches."""
# ruff: noqa: INP001, S603, T201, TID251  # a part of programs of their own, which run wrk and print

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import ceil
from pathlib import Path

from benches.servers import HOST, Served, ask, serving
from tests.conformance.postgres import private_postgres

SCRIPT = Path(__file__).with_name("load.lua")
CONNECTIONS = 16
WARMUP_S = 2
SEEDED_USERS = 10_000
"""Rows of the table users, with ids from 1."""


@dataclass(frozen=True)
class Program:
    """A command line that serves, with the build and the folder that it needs."""

    build: Path
    folder: Path
    command: tuple[str, ...]
    env: dict[str, str]


@dataclass(frozen=True)
class Request:
    """What every connection asks for, again and again."""

    path: str
    body: Path | None = None
    """File of a JSON body to post; without one, the request is a GET."""
    users: int = 0
    """Append to the path a user's id, drawn from 1 to this number for each request; 0 appends nothing."""


READ_USER = Request("/users/", users=SEEDED_USERS)


@dataclass(frozen=True)
class Measured:
    """One window."""

    requests_per_s: float
    cpu_us_per_request: float
    busy: float
    """Share of the server's one CPU that was used; well below 1, the load generator or other work was the limit."""
    answer: bytes
    """Body of the answer to the first request."""


@dataclass
class _Loaded:
    """A server under measurement, and the sums over its slices so far."""

    server: Served
    answer: bytes
    requests: int = 0
    took_s: float = 0.0
    used_s: float = 0.0

    @property
    def measured(self) -> Measured:
        """The figures of all slices together."""
        cost_us = self.used_s / self.requests * 1e6
        return Measured(self.requests / self.took_s, cost_us, self.used_s / self.took_s, self.answer)


@dataclass(frozen=True)
class Windows:
    """What all windows of a bench have in common."""

    database_url: str
    server_cpu: int
    seconds: int
    wrk: str

    def measure(self, program: Program, request: Request) -> Measured:
        """Start a program, warm it up for `WARMUP_S`, load it for a window of so many `seconds`, and end it."""
        with self._warm(program, request, requests=1) as one:
            self._slice(one, request, self.seconds)
        return one.measured

    def compare(
        self, sides: tuple[Program, Program], request: Request, *, warm_up_requests: int, swapped: bool
    ) -> tuple[Measured, Measured]:
        """Start two programs, warm them up, and load them in turn, a second at a time in the order ABBA ABBA.

        What else the machine does changes from one second to the next, and so meets both sides alike.

        Args:
            sides: A and B; both get as many `seconds`, rounded up to an even number.
            request: what to load them with.
            warm_up_requests: the warm-up of each is repeated until so many requests were answered.
            swapped: B begins instead.
        """
        with (
            self._warm(sides[0], request, warm_up_requests) as first,
            self._warm(sides[1], request, warm_up_requests) as second,
        ):
            order = (second, first, first, second) if swapped else (first, second, second, first)
            for side in order * ceil(self.seconds / 2):
                self._slice(side, request, 1)
        return first.measured, second.measured

    @contextmanager
    def _warm(self, program: Program, request: Request, requests: int) -> Iterator[_Loaded]:
        """Serve a program that has answered at least so many requests."""
        body = request.body.read_bytes() if request.body else None
        with serving(
            program.command,
            build=program.build,
            cwd=program.folder,
            env=program.env,
            database_url=self.database_url,
            cpus=[self.server_cpu],
        ) as server:
            first = f"{request.path}{request.users or ''}"
            _, answer = ask(server.port, "POST" if body else "GET", first, body)
            warm = 0
            while warm < requests:
                warm += self._load(server.port, request, WARMUP_S)[0]
            yield _Loaded(server, answer)

    def _slice(self, loaded: _Loaded, request: Request, seconds: int) -> None:
        """Load a server for a while, and add what happened to what is known of the server."""
        before = loaded.server.cpu_s()
        requests, took_s = self._load(loaded.server.port, request, seconds)
        loaded.used_s += loaded.server.cpu_s() - before
        loaded.requests += requests
        loaded.took_s += took_s

    def _load(self, port: int, request: Request, seconds: int) -> tuple[int, float]:
        """Keep every connection busy for a while; the requests answered, and the seconds that it took."""
        url = f"http://{HOST}:{port}{request.path}"
        wanted = {"BODY": str(request.body)} if request.body else {"USERS": str(request.users)} if request.users else {}
        done = subprocess.run(
            [self.wrk, "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s", SCRIPT, url],
            env={"PATH": os.environ["PATH"], **wanted},
            capture_output=True,
            text=True,
            check=True,
        )
        requests, took_us, failed = map(int, done.stdout.splitlines()[-1].split())
        if failed or not requests:
            sys.exit(f"{failed} requests for {request.path} failed:\n{done.stdout}")
        return requests, took_us / 1e6


def require_wrk_and_two_cpus() -> None:
    """End the program with status 3 where this machine cannot measure, and let a SIGTERM end what was started."""
    if shutil.which("wrk") is None:
        print("wrk, which makes the load, is not installed (Debian: `apt-get install wrk`).", file=sys.stderr)
        sys.exit(3)
    if len(os.sched_getaffinity(0)) == 1:
        print("This needs two CPUs: one for the server, one for the load.", file=sys.stderr)
        sys.exit(3)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))


@contextmanager
def windows(seconds: int) -> Iterator[Windows]:
    """Give the first CPU to the servers, and the others to this program, wrk and a private PostgreSQL."""
    server_cpu, *others = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, others)  # and with it what this program starts, but for the servers
    with private_postgres() as database_url:
        yield Windows(database_url, server_cpu, seconds, shutil.which("wrk") or "wrk")
