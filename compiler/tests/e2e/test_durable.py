"""A real run that is killed, interrupted and resumed: nothing is lost, nothing is measured twice, nothing is left."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from dataclasses import dataclass

import pytest

from tests.e2e.conftest import ONLY_FIBER, Lab, new_lab, wait_for_process

pytestmark = [pytest.mark.tools, pytest.mark.usefixtures("nothing_left")]

Printed = tuple[int, str, str]
"""Exit code, stdout and stderr."""


@dataclass(frozen=True, slots=True)
class Survivor:
    """What was said and kept on the way to the run's end."""

    lab: Lab
    doctor: Printed
    """After it was killed in its first window."""
    interrupted: tuple[int, str]
    """Exit code and stderr of the `lab` whose terminal was closed, and which was then interrupted, and ended."""
    outlived: bool
    """Whether k6 went on when the terminal was closed."""
    kept: list[dict[str, object]]
    """The trials after that."""
    complete: bool
    """Whether the summary then said so."""
    status: Printed
    """After it was killed again."""
    destroyed: tuple[Printed, Printed]
    """Of `destroy` after that, and once more."""
    ended: Printed
    """Of the last `resume`."""
    again: Printed
    """Of one more."""


@pytest.fixture(scope="module")
def survivor(tmp_path_factory: pytest.TempPathFactory) -> Survivor:
    """Kill a run of two trials in a window, interrupt it in another, kill it while it proves, and resume it."""
    with new_lab(tmp_path_factory.mktemp("survivor")) as lab:
        process = lab.start("apply", lab.write_experiment(window="3s", rounds=2), *ONLY_FIBER)
        lab.wait_for_window()
        kill(process)
        run = lab.run_folder().name
        doctor = lab.run("doctor")
        process = lab.start("resume", run)
        lab.wait_for_window(2)
        process.send_signal(signal.SIGHUP)
        outlived = wait_for_process(lambda command: "k6/measure.json" in command) > 0
        process.send_signal(signal.SIGINT)
        time.sleep(0.3)
        process.send_signal(signal.SIGTERM)
        _, stderr = process.communicate(timeout=60)
        interrupted, kept = (process.returncode, stderr), lab.trials()
        complete = json.loads((lab.run_folder() / "summary.json").read_text())["complete"]
        process = lab.start("resume", run)
        wait_for_process(lambda command: "/builds/go-fiber-" in command)
        kill(process)
        status = lab.run("status", run)
        destroyed = lab.run("destroy", run), lab.run("destroy", run)
        return Survivor(
            lab=lab,
            doctor=doctor,
            interrupted=interrupted,
            outlived=outlived,
            kept=kept,
            complete=complete,
            status=status,
            destroyed=destroyed,
            ended=lab.run("resume", run),
            again=lab.run("resume", run),
        )


def kill(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


def test_what_a_killed_lab_left_is_ended_by_the_next_command(survivor: Survivor) -> None:
    code, _, stderr = survivor.doctor
    assert code == 0, stderr
    assert "which was killed" in stderr


def test_a_closed_terminal_and_a_second_signal_change_nothing(survivor: Survivor) -> None:
    assert survivor.outlived
    code, stderr = survivor.interrupted
    assert code == 130
    assert "Still ending the tools" in stderr or "Still stopping servers" in stderr


def test_ctrl_c_stops_everything_and_keeps_what_was_measured(survivor: Survivor) -> None:
    code, stderr = survivor.interrupted
    assert code == 130
    assert "Interrupted" in stderr
    assert [trial["trial"] for trial in survivor.kept] == ["r0.p0"]
    assert survivor.complete is False


def test_what_a_killed_run_left_is_destroyed_once_and_for_all(survivor: Survivor) -> None:
    run, (first, second) = survivor.lab.run_folder().name, survivor.destroyed
    assert first[:2] == (0, f"Removed what {run} had started.\n")
    assert second[:2] == (0, f"Nothing is left of what {run} had started.\n")


def test_a_run_that_is_killed_again_and_again_is_resumed_to_its_end(survivor: Survivor) -> None:
    lab, run = survivor.lab, survivor.lab.run_folder().name
    _, stdout, _ = survivor.status
    assert ": killed" in stdout
    assert f"Go on with: lab resume {run}" in stdout
    code, _, stderr = survivor.ended
    assert code in {0, 4}, stderr  # whether the trials are valid is not what this is about
    trials = lab.trials()
    assert [trial["trial"] for trial in trials] == ["r0.p0", "r1.p0"]
    assert trials[:1] == survivor.kept
    assert lab.journalled().count("trial-ended") == 2
    assert json.loads((lab.run_folder() / "summary.json").read_text())["complete"] is True
    code, _, stderr = survivor.again
    assert (code, "is complete: there is nothing left to do" in stderr) == (0, True)
