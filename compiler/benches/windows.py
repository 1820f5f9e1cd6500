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
from pathlib import Path

from benches.servers import HOST, ask, serving
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


@dataclass(frozen=True)
class Windows:
    """What all windows of a bench have in common."""

    database_url: str
    server_cpu: int
    seconds: int
    wrk: str

    def measure(self, program: Program, request: Request, *, warm_up_requests: int = 1) -> Measured:
        """Start the program, warm it up, load it for a window, and end it.

        Args:
            program: what to serve.
            request: what to load it with.
            warm_up_requests: the warm-up takes `WARMUP_S`, and is repeated until so many requests were answered.
        """
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
            while warm < warm_up_requests:
                warm += self._load(server.port, request, WARMUP_S)[0]
            before = server.cpu_s()
            requests, took_s = self._load(server.port, request, self.seconds)
            used_s = server.cpu_s() - before
        return Measured(requests / took_s, used_s / requests * 1e6, used_s / took_s, answer)

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
