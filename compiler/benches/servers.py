"""Builds implementations as the playbooks do, and serves them over a private PostgreSQL, for the benches."""
# ruff: noqa: INP001, S603, TID251  # the benches run programs and read what they left

from __future__ import annotations

import http.client
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from benchmark_lab.catalog import Implementation
from benchmark_lab.catalog.language import build_of, folder_of
from benchmark_lab.catalog.load import load_languages
from benchmark_lab.cli.input.project import read_catalog
from benchmark_lab.machine.folders import cache_root
from benchmark_lab.machine.process import Processes
from benchmark_lab.store.bundles import tracked_files

PROJECT = Path(__file__).parents[2]
PLUGINS = PROJECT / "playbooks" / "plugins"
sys.path.append(str(PLUGINS / "module_utils"))

import lab_processes as lab_processes  # noqa: E402, PLC0414  # where Ansible finds it; the other benches take it from here

HOST = "127.0.0.1"
READY_TIMEOUT_S = 60.0


@dataclass(frozen=True)
class Served:
    """A server that is ready: its port, and its first process, which leads a session of its own."""

    port: int
    leader: int

    def pids(self) -> list[int]:
        """All its processes."""
        return [stat.pid for stat in lab_processes.session_of(self.leader)]

    def cpu_s(self) -> float:
        """CPU time that all its processes have used so far."""
        return sum(lab_processes.cpu_time_s(pid) or 0.0 for pid in self.pids())


def chosen(names: Sequence[str]) -> dict[str, Implementation]:
    """The manifests of these implementations, or of all; ends the program at an unknown name."""
    implementations = read_catalog(PROJECT).implementations
    if unknown := set(names) - set(implementations):
        sys.exit(f"There is no implementation {', '.join(sorted(unknown))}: {', '.join(implementations)}.")
    return {name: manifest for name, manifest in implementations.items() if not names or name in names}


def build(name: str, manifest: Implementation) -> Path:
    """Build what git tracks of an implementation with the module and in the cache of the playbooks; the folder."""
    bring_toolchain(manifest.language)
    folder = PROJECT / "implementations" / name
    with tempfile.TemporaryDirectory() as sources:
        for path in tracked_files(PROJECT, [f"implementations/{name}"], Processes()):
            copy = Path(sources, Path(path).relative_to(folder.relative_to(PROJECT)))
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(PROJECT / path, copy)
        return build_from(Path(sources), name, manifest)


def build_from(sources: Path, name: str, manifest: Implementation) -> Path:
    """Build a folder with all sources of an implementation and nothing else, as `build` does."""
    return built(name, sources, manifest.build, manifest.versions)


@cache
def bring_toolchain(language: str) -> None:
    """Have this program's PATH begin with what runs build and serve the language with, where it has a toolchain."""
    toolchain = load_languages(PROJECT)[language].toolchain
    if toolchain is None:
        return
    sources = PROJECT / folder_of(language) / toolchain.sources if toolchain.sources else None
    folder = built(build_of(language), sources, toolchain.commands, toolchain.versions)
    os.environ["PATH"] = f"{folder}/{toolchain.path}:{os.environ['PATH']}"


def built(name: str, sources: Path | None, commands: Sequence[Sequence[str]], versions: Sequence[str]) -> Path:
    """Build sources with the module and in the cache of the playbooks; the folder."""
    arguments = {
        "name": name,
        "sources": str(sources) if sources else None,
        "cache": str(cache_root(os.environ) / "builds"),
        "commands": commands,
        "versions": versions,
    }
    module = subprocess.run(
        [sys.executable, PLUGINS / "modules" / "build.py"],
        input=json.dumps({"ANSIBLE_MODULE_ARGS": arguments}),
        capture_output=True,
        text=True,
        check=False,
    )
    if module.returncode != 0:
        sys.exit(f"{name} cannot be built:\n{module.stdout}{module.stderr}")
    return Path(json.loads(module.stdout)["build"])


def filled(command: Sequence[str], build: Path, port: int, workers: int) -> list[str]:
    """A manifest's command line with its placeholders filled in."""
    known = {"{build}": str(build), "{host}": HOST, "{port}": str(port), "{workers}": str(workers), "{cpus}": "1"}
    argv = list(command)
    for placeholder, value in known.items():
        argv = [argument.replace(placeholder, value) for argument in argv]
    return argv


@contextmanager
def serving(
    command: Sequence[str],
    *,
    build: Path,
    cwd: Path,
    env: Mapping[str, str],
    database_url: str,
    workers: int = 1,
    cpus: Sequence[int] = (),
) -> Iterator[Served]:
    """Serve with a manifest's command line in a session of its own; yields once it is ready."""
    port = lab_processes.free_port(HOST)
    contract = {
        "HOST": HOST,
        "PORT": str(port),
        "WORKERS": str(workers),
        "DATABASE_URL": database_url,
        "DB_POOL_TOTAL": "16",
        "UPSTREAM_URL": f"http://{HOST}:9",  # nothing here calls it
        "JWT_SECRET": "a secret of the benches alone, which protects nothing",
        "JWT_AUDIENCE": "benches",
        "LOG_LEVEL": "info",
    }
    whole = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8"} | contract | dict(env)
    with tempfile.TemporaryDirectory() as state:
        argv = filled(command, build, port, workers)
        process = lab_processes.start(Path(state), "server", argv, env=whole, cwd=cwd, cpus=cpus, port=port)
        try:
            wait_until_ready(process)
            yield Served(port, process.pid)
        finally:
            lab_processes.stop(Path(state), process)


def wait_until_ready(process: lab_processes.Process) -> None:
    """Return once `GET /health` answers 200; a server that ends or takes too long ends the program."""
    deadline = time.monotonic() + READY_TIMEOUT_S
    while lab_processes.is_alive(process) and time.monotonic() < deadline:
        try:
            if ask(process.port, "GET", "/health")[0] == http.client.OK:
                return
        except (OSError, http.client.HTTPException):
            pass  # not yet
        time.sleep(0.02)
    sys.exit(f"A server is not ready:\n{lab_processes.tail(process.log)}")


def ask(port: int, method: str, path: str, body: bytes | None = None) -> tuple[int, bytes]:
    """One request on a connection of its own; status and body of the answer."""
    connection = http.client.HTTPConnection(HOST, port, timeout=10)
    try:
        connection.request(method, path, body, {"Content-Type": "application/json"} if body else {})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()
