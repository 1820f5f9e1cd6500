"""One real run, in whose windows tools and servers die, which is cancelled and resumed: what `lab` makes of it."""

from __future__ import annotations

import json
import os
import signal
import time
from dataclasses import dataclass

import pytest

from tests.e2e.conftest import ONLY_FIBER, Lab, environment_of, new_lab, wait_for_process

pytestmark = [pytest.mark.tools, pytest.mark.usefixtures("nothing_left")]

CONNECTING_S = 1
"""For so long k6 opens connections before the window. What is left of a window must have two samples of PostgreSQL."""

Printed = tuple[int, str, str]
"""Exit code, stdout and stderr."""


@dataclass(frozen=True, slots=True)
class Harmed:
    """What the run came to, and what other commands said while it ran."""

    lab: Lab
    secret: bytes
    """What k6 signs tokens with."""
    pid: int
    """Of the `lab` that was cancelled."""
    second: Printed
    """Of an `apply` beside it."""
    status: Printed
    resume: Printed
    destroy: Printed
    cancel: Printed
    cancelled: tuple[int, str]
    """Exit code and stderr of the `lab` that was cancelled."""
    kept: list[dict[str, object]]
    """The trials that it had."""
    ended: tuple[int, str]
    """Of the `lab` that resumed it."""


@pytest.fixture(scope="module")
def harmed(tmp_path_factory: pytest.TempPathFactory) -> Harmed:
    """Kill k6 in the first window and the server in the second, cancel in the fourth, resume, and kill PostgreSQL."""
    with new_lab(tmp_path_factory.mktemp("harmed")) as lab:
        experiment = lab.write_experiment("03-db-read", window="4s", rounds=6)
        process = lab.start("apply", experiment, *ONLY_FIBER)
        wait_for_process(lambda command: "/runs/" in command and "postgres" in command)
        second = Lab(lab.project).run("apply", experiment)
        k6 = lab.wait_for_window()
        secret = environment_of(k6)["JWT_SECRET"].encode()
        time.sleep(CONNECTING_S + 1.5)
        os.kill(k6, signal.SIGKILL)
        lab.wait_for_window(2)
        time.sleep(CONNECTING_S)
        os.kill(wait_for_process(lambda command: "/builds/go-fiber-" in command), signal.SIGKILL)
        lab.wait_for_window(3)
        run = lab.run_folder().name
        beside = Lab(lab.project)
        status = beside.run("status", run, "--json")
        resume, destroy = beside.run("resume", run), beside.run("destroy", run)
        lab.wait_for_window(4)
        cancel = beside.run("cancel")
        _, stderr = process.communicate(timeout=5)
        kept = lab.trials()
        resumed = lab.start("resume", run)
        lab.wait_for_window()
        os.kill(wait_for_process(lambda command: "postgres -D" in command and "/runs/" in command), signal.SIGKILL)
        _, resumed_stderr = resumed.communicate(timeout=120)
        return Harmed(
            lab=lab,
            secret=secret,
            pid=process.pid,
            second=second,
            status=status,
            resume=resume,
            destroy=destroy,
            cancel=cancel,
            cancelled=(process.returncode, stderr),
            kept=kept,
            ended=(resumed.returncode, resumed_stderr),
        )


def test_a_second_run_on_the_same_machine_waits_for_nobody(harmed: Harmed) -> None:
    code, _, stderr = harmed.second
    assert code == 6
    assert f"pid {harmed.pid}" in stderr


def test_k6_killed_in_its_window_makes_that_trial_invalid_and_the_run_goes_on(harmed: Harmed) -> None:
    first, _, third = harmed.kept
    assert codes_of(first) == ["generator-failed"]
    assert third["verdict"] == "valid", third["reasons"]


def test_a_server_killed_in_the_window_makes_that_trial_invalid_and_the_run_goes_on(harmed: Harmed) -> None:
    _, second, third = harmed.kept
    assert "server-restarted" in codes_of(second)
    assert third["verdict"] == "valid", third["reasons"]


def test_no_file_of_a_run_holds_the_secret_that_tokens_are_signed_with(harmed: Harmed) -> None:
    written = [path for path in harmed.lab.run_folder().rglob("*") if path.is_file()]
    assert len(harmed.secret) > 32
    assert [path for path in written if harmed.secret in path.read_bytes()] == []


def test_a_run_is_watched_and_nothing_else_touches_it(harmed: Harmed) -> None:
    found = json.loads(harmed.status[1])
    assert (found["state"], found["pid"], found["phase"]) == ("running", harmed.pid, "measure")
    assert found["trials_done"] >= 2
    assert 0 < found["seconds_left"] < 120
    code, _, stderr = harmed.resume
    assert (code, f"pid {harmed.pid}" in stderr) == (6, True)
    assert harmed.destroy[0] == 6


def test_a_run_is_cancelled_and_resumed_where_it_was(harmed: Harmed) -> None:
    code, stdout, stderr = harmed.cancel
    assert code == 0, stderr
    assert "interrupted" in stdout
    code, stderr = harmed.cancelled
    assert code == 130
    assert f"Go on with: lab resume {harmed.lab.run_folder().name}" in stderr
    trials = harmed.lab.trials()
    assert trials[:3] == harmed.kept
    assert [trial["trial"] for trial in trials] == ["r0.p0", "r1.p0", "r2.p0", "r3.p0"]


def test_postgresql_killed_in_the_window_ends_the_run_with_a_clear_error(harmed: Harmed) -> None:
    code, stderr = harmed.ended
    assert code == 3
    assert "host db: PostgreSQL ended" in stderr
    assert "database-failed" in codes_of(harmed.lab.trials()[-1])


def codes_of(trial: dict[str, object]) -> list[str]:
    return [reason["code"] for reason in trial["reasons"]]  # type: ignore[attr-defined]  # a list of them, or it fails
