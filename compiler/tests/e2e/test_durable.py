"""Real runs that are killed, cancelled and resumed: nothing is lost, nothing is measured twice, nothing is left."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Callable

import pytest

from benchmark_lab.runtime.journal import read_journal
from tests.e2e.conftest import ONLY_FIBER, Lab, wait_for_process

pytestmark = [pytest.mark.tools, pytest.mark.usefixtures("nothing_left")]


def events(lab: Lab) -> list[str]:
    journals = [*lab.project.glob("results/*/*/journal.jsonl")]
    return [entry.event for entry in read_journal(journals[0]).entries] if journals else []


def wait_for(happened: Callable[[], bool], timeout_s: float = 600) -> None:
    deadline = time.monotonic() + timeout_s
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def kill_at(lab: Lab, process: subprocess.Popen[str], event: str) -> None:
    """Kill lab as soon as its journal has the event."""
    wait_for(lambda: event in events(lab))
    process.kill()
    process.communicate()


def test_a_run_that_is_killed_again_and_again_is_resumed_to_its_end(lab: Lab) -> None:
    process = lab.start("apply", lab.write_experiment(measure="1s", rounds=2), *ONLY_FIBER)
    kill_at(lab, process, "hosts-ready")
    run = lab.run_folder().name
    for event in ("round-started", "trial-ended"):
        kill_at(lab, lab.start("resume", run), event)
    finished = lab.trials()
    _, stdout, _ = lab.run("status", run)
    assert ": killed" in stdout
    assert f"Go on with: lab resume {run}" in stdout
    code, _, stderr = lab.run("resume", run)
    assert code in {0, 4}, stderr  # whether the trials are valid is not what this is about
    trials = lab.trials()
    assert [trial["trial"] for trial in trials] == ["r0.p0", "r1.p0"]
    assert trials[: len(finished)] == finished
    assert events(lab).count("trial-ended") == 2
    assert json.loads((lab.run_folder() / "summary.json").read_text())["complete"] is True
    code, _, stderr = lab.run("resume", run)
    assert (code, "is complete: there is nothing left to do" in stderr) == (0, True)


def test_a_run_is_watched_cancelled_and_resumed(lab: Lab) -> None:
    process = lab.start("apply", lab.write_experiment(measure="3s", rounds=2), *ONLY_FIBER)
    wait_for(lambda: "trial-ended" in events(lab))
    run = lab.run_folder().name
    found = json.loads(lab.run("status", run, "--json")[1])
    assert (found["state"], found["pid"], found["phase"], found["trials_done"]) == (
        "running",
        process.pid,
        "measure",
        1,
    )
    assert 0 < found["seconds_left"] < 60
    code, _, stderr = lab.run("resume", run)
    assert (code, f"pid {process.pid}" in stderr) == (6, True)
    assert lab.run("destroy", run)[0] == 6
    code, stdout, stderr = lab.run("cancel")
    assert code == 0, stderr
    assert "interrupted" in stdout
    _, stderr = process.communicate(timeout=5)
    assert process.returncode == 130
    assert f"Go on with: lab resume {run}" in stderr
    assert lab.run("resume", run)[0] in {0, 4}
    assert [trial["trial"] for trial in lab.trials()] == ["r0.p0", "r1.p0"]


def test_what_a_killed_run_left_is_destroyed_once_and_for_all(lab: Lab) -> None:
    process = lab.start("apply", lab.write_experiment(measure="20s"), *ONLY_FIBER)
    lab.wait_for_window()
    process.kill()
    process.communicate()
    run = lab.run_folder().name
    assert lab.run("destroy", run)[:2] == (0, f"Removed what {run} had started.\n")
    assert lab.run("destroy", run)[:2] == (0, f"Nothing is left of what {run} had started.\n")


def test_a_closed_terminal_and_a_second_signal_change_nothing(lab: Lab) -> None:
    process = lab.start("apply", lab.write_experiment(measure="5s"), *ONLY_FIBER)
    lab.wait_for_window()
    process.send_signal(signal.SIGHUP)
    wait_for_process(lambda command: "k6/measure.json" in command)
    process.send_signal(signal.SIGTERM)
    time.sleep(0.3)
    process.send_signal(signal.SIGTERM)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Still ending the tools" in stderr or "Still stopping servers" in stderr
