"""A real `lab` on this machine: real Ansible, PostgreSQL and k6, in a clone of the project whose path has a space."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from benchmark_lab.store.journal import read_journal

ROOT = Path(__file__).parents[3]
STATE = Path("/var/tmp") / f"benchmark-lab-{os.getuid()}"  # noqa: S108  where runs keep their state
EXPERIMENT = """
schema: 1
name: e2e
question: Does a run do what it says?
target: local
hardware: {{sut: {{cpus: 1}}, load: {{cpus: 1, count: {load_hosts}}}}}
matrix:
  implementation: [python-fastapi, go-fiber]
  scenario: [{scenario}]
load: {{{load}, warmup: 1s, window: {window}}}
thresholds: {{generator_cpus_busy: 100%, steal: 100%}} # what else the machine does is not what these tests are about
rounds: {{min: {rounds}, max: {rounds}}}
seed: 7
baseline: {{implementation: python-fastapi}}
"""

ONLY_FASTAPI = ("--only", "implementation=python-fastapi")
ONLY_FIBER = ("--only", "implementation=go-fiber")
"""For what one implementation shows: another takes some 10 s more."""


@dataclass
class Lab:
    """The command in a project of its own."""

    project: Path
    started: list[subprocess.Popen[str]] = field(default_factory=list)
    rounds_before: int = 0
    """Rounds that had begun when the last command was started."""

    @property
    def environment(self) -> dict[str, str]:
        return dict(os.environ)

    def write_experiment(
        self,
        scenario: str = "01-lightweight",
        window: str = "2s",
        rounds: int = 1,
        load_hosts: int = 1,
        load: str = "model: open, rate: 50, vus: 100",
    ) -> str:
        path = self.project / "experiments" / "e2e.yaml"
        values = {"scenario": scenario, "window": window, "rounds": rounds, "load_hosts": load_hosts, "load": load}
        path.write_text(EXPERIMENT.format(**values))
        return "experiments/e2e.yaml"

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        self.rounds_before = self.journalled().count("round-started")
        self.started.append(
            subprocess.Popen(
                [sys.executable, "-m", "benchmark_lab", *arguments],
                cwd=self.project,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        )
        return self.started[-1]

    def run(self, *arguments: str) -> tuple[int, str, str]:
        process = self.start(*arguments)
        stdout, stderr = process.communicate(timeout=900)  # the first run on a machine builds k6
        return process.returncode, stdout, stderr

    def run_folder(self) -> Path:
        (folder,) = self.project.glob("results/*/*/")
        return folder

    def journalled(self) -> list[str]:
        """The events in the run's journal, in their order."""
        journals = [*self.project.glob("results/*/*/journal.jsonl")]
        return [entry.event for entry in read_journal(journals[0]).entries] if journals else []

    def wait_for_window(self, number: int = 1, timeout_s: float = 600) -> int:
        """The pid of the k6 that measures in the command's round of this number, as soon as there is one.

        There is one cell, or the window is the first one of several; calibration is no round.
        """
        deadline, rounds = time.monotonic() + timeout_s, self.rounds_before + number
        while self.journalled().count("round-started") < rounds:
            assert self.started[-1].poll() is None, self.started[-1].communicate()
            assert time.monotonic() < deadline
            time.sleep(0.05)
        return wait_for_process(lambda command: "k6/measure.json" in command and "k6 run" in command)

    def trials(self) -> list[dict[str, object]]:
        path = self.run_folder() / "trials.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    with new_lab(tmp_path) as made:
        yield made


@contextmanager
def new_lab(folder: Path) -> Iterator[Lab]:
    """The command in a new project in the folder; what then still runs, of a test that failed, is ended."""
    project = folder / "a project"
    listed = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    for name in filter(None, listed.split("\0")):
        source = ROOT / name
        if source.is_file() and not name.startswith("compiler/tests/"):
            target = project / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(source.read_bytes())
            target.chmod(source.stat().st_mode & 0o777)
    for command in (["init", "-q"], ["add", "-A"]):
        subprocess.run(["git", "-C", str(project), *command], check=True)
    made = Lab(project)
    try:
        yield made
    finally:
        for process in made.started:
            if process.poll() is None:
                process.terminate()
                process.communicate(timeout=120)


def processes() -> dict[int, str]:
    """Every process of this machine but kernel threads, by pid."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
        except OSError:
            continue
        if command:
            found[int(folder.name)] = command
    return found


@pytest.fixture
def nothing_left() -> Iterator[None]:
    """After the test: no process of a run, and so no port, and no state folder."""
    yield
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline and _of_runs():
        time.sleep(0.1)
    assert _of_runs() == {}
    assert list((STATE / "runs").glob("*")) == []


def _of_runs() -> dict[int, str]:
    words = (f"{STATE}/", "benchmark-lab/builds/", "k6 run --quiet")
    return {pid: command for pid, command in processes().items() if any(word in command for word in words)}


def wait_for_process(matches: Callable[[str], bool], timeout_s: float = 600) -> int:
    """The pid of the first process whose command line matches, as soon as there is one."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        for pid, command in processes().items():
            if matches(command):
                return pid
        time.sleep(0.05)
    raise AssertionError("the process never appeared")


def environment_of(pid: int) -> dict[str, str]:
    """What the process was started with."""
    entries = Path(f"/proc/{pid}/environ").read_bytes().decode().split("\0")
    return dict(entry.partition("=")[::2] for entry in entries if entry)
