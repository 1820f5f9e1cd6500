"""`lab apply` for real: what it measures, what it says when something dies, and that nothing is left."""

from __future__ import annotations

import json
import os
import re
import signal
import time
from contextlib import suppress
from pathlib import Path

import pytest

from tests.e2e.conftest import ONLY_FASTAPI, ONLY_FIBER, STATE, Lab, environment_of, processes, wait_for_process

pytestmark = [pytest.mark.tools, pytest.mark.usefixtures("nothing_left")]


def test_a_run_ends_with_valid_trials_a_summary_and_a_sealed_journal(lab: Lab) -> None:
    code, stdout, stderr = lab.run("apply", lab.write_experiment("03-db-read"))
    assert code == 0, stderr
    trials = lab.trials()
    assert [trial["verdict"] for trial in trials] == ["valid", "valid"]
    for trial in trials:
        assert trial["requests"] == pytest.approx(100, abs=2)
        assert 10 < trial["sut_cpu_us_per_request"] < 20_000  # type: ignore[operator]  # a number, or it fails
        assert trial["page_size"] == 20
    summary = json.loads((lab.run_folder() / "summary.json").read_text())
    assert summary["complete"] is True
    assert summary["provenance"]["versions"]["python-fastapi"]
    assert "go-fiber" in stdout
    assert "no interval" in stdout
    code, stdout, _ = lab.run("status", "--json")
    assert (code, json.loads(stdout)["state"]) == (0, "complete")
    code, stdout, _ = lab.run("compare", lab.run_folder().name, "--json")
    assert code == 0
    assert json.loads(stdout)["comparisons"]


def test_several_load_boxes_share_the_load_and_their_figures_are_one_trials(lab: Lab) -> None:
    code, _, stderr = lab.run("apply", lab.write_experiment("05-external-api", measure="3s", load_boxes=2), *ONLY_FIBER)
    assert code == 0, stderr
    (trial,) = lab.trials()
    assert trial["verdict"] == "valid", trial["reasons"]
    assert trial["requests"] == pytest.approx(150, abs=3)
    assert trial["dropped_iterations"] == 0


def test_the_default_load_finds_a_capacity_and_measures_latency_below_it(lab: Lab) -> None:
    code, _, stderr = lab.run(
        "apply", lab.write_experiment("03-db-read", load="model: capacity-then-latency, vus: [8, 32]"), *ONLY_FASTAPI
    )
    assert code in {0, 4}, stderr  # on two busy CPUs a trial may be noisy, which is not what this is about
    probes, measured = (
        [trial for trial in lab.trials() if trial["purpose"] == purpose] for purpose in ("probe", "measure")
    )
    assert {trial["vus"] for trial in probes} == {8, 32}
    reached = [float(str(trial["throughput_rps"])) for trial in probes if trial["throughput_rps"]]
    rates = {trial["load"]: trial["offered_rps"] for trial in measured}
    assert rates.keys() == {"capacity", "equal-rate", "equal-utilisation"}
    assert (rates["equal-rate"], rates["equal-utilisation"]) in [(int(rps * 0.5), int(rps * 0.7)) for rps in reached]


def test_nothing_of_a_run_but_the_server_may_use_the_servers_cpus_in_a_window(lab: Lab) -> None:
    process = lab.start("apply", lab.write_experiment("03-db-read", measure="4s"), *ONLY_FASTAPI)
    lab.wait_for_window()
    time.sleep(2)  # the warm-up is over
    server = wait_for_process(lambda command: "/builds/python-fastapi-" in command and "uvicorn" in command)
    allowed = {pid: cpus for pid, cpus in cpus_of_run(process.pid).items() if os.getsid(pid) != server}
    commands = {pid: command for pid, command in processes().items() if pid in allowed}
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    servers = min(os.sched_getaffinity(0))
    for wanted in ("benchmark_lab apply", "ansible", "k6 run", "postgres", "/upstream"):
        assert any(wanted in command for command in commands.values()), (wanted, commands)
    assert {commands.get(pid, str(pid)): cpus for pid, cpus in allowed.items() if servers in cpus} == {}


def cpus_of_run(lab: int) -> dict[int, set[int]]:
    """The CPUs that the threads of each process of a run may use, by pid: of `lab`, and of what has the run's marks."""
    marks = (b"LAB_RUN=", b"LAB_STARTED_BY=", f"{STATE}/".encode(), b"benchmark-lab/builds/")
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            known = (folder / "environ").read_bytes() + (folder / "cmdline").read_bytes()
            if int(folder.name) == lab or any(mark in known for mark in marks):
                status = [task.read_text() for task in folder.glob("task/*/status")]
                lists = (re.search(r"^Cpus_allowed_list:\s*(\S+)", text, re.MULTILINE) for text in status)
                found[int(folder.name)] = {cpu for each in lists if each for cpu in listed(each[1])}
    return found


def listed(cpus: str) -> set[int]:
    """The numbers of a list such as `0-2,5`."""
    ends = [[int(end) for end in part.split("-")] for part in cpus.split(",")]
    return {cpu for first, *last in ends for cpu in range(first, (last or [first])[0] + 1)}


def test_k6_killed_in_its_window_makes_that_trial_invalid_and_the_run_goes_on(lab: Lab) -> None:
    process = lab.start("apply", lab.write_experiment(measure="5s"))
    k6 = lab.wait_for_window()
    secret = environment_of(k6)["JWT_SECRET"].encode()
    time.sleep(1)
    os.kill(k6, signal.SIGKILL)
    _, stderr = process.communicate(timeout=120)
    assert process.returncode == 4, stderr
    first, second = lab.trials()
    assert [reason["code"] for reason in first["reasons"]] == ["generator-failed"]  # type: ignore[attr-defined]
    assert second["verdict"] == "valid"
    written = [path for path in lab.run_folder().rglob("*") if path.is_file()]
    assert len(secret) > 32
    assert [path for path in written if secret in path.read_bytes()] == []


def test_a_server_killed_in_the_window_makes_that_trial_invalid_and_the_run_goes_on(lab: Lab) -> None:
    process = lab.start("apply", lab.write_experiment(measure="5s"))
    lab.wait_for_window()
    server = wait_for_process(lambda command: "/builds/python-fastapi-" in command or "/builds/go-fiber-" in command)
    time.sleep(1)
    os.kill(server, signal.SIGKILL)
    _, stderr = process.communicate(timeout=120)
    assert process.returncode == 4, stderr
    first, second = lab.trials()
    assert "server-restarted" in [reason["code"] for reason in first["reasons"]]  # type: ignore[attr-defined]
    assert second["verdict"] == "valid"


def test_postgresql_killed_in_the_window_ends_the_run_with_a_clear_error(lab: Lab) -> None:
    process = lab.start("apply", lab.write_experiment("03-db-read", measure="5s"), *ONLY_FIBER)
    lab.wait_for_window()
    postmaster = wait_for_process(lambda command: "postgres -D" in command and "/runs/" in command)
    os.kill(postmaster, signal.SIGKILL)
    _, stderr = process.communicate(timeout=120)
    assert process.returncode == 3
    assert "host db: PostgreSQL ended" in stderr
    (trial,) = lab.trials()
    assert "database-failed" in [reason["code"] for reason in trial["reasons"]]  # type: ignore[attr-defined]


def test_ctrl_c_stops_everything_and_keeps_what_was_measured(lab: Lab) -> None:
    process = lab.start("apply", lab.write_experiment(measure="4s", rounds=2), *ONLY_FIBER)
    lab.wait_for_window()
    while not lab.trials():
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Interrupted" in stderr
    assert len(lab.trials()) == 1
    assert json.loads((lab.run_folder() / "summary.json").read_text())["complete"] is False


def test_what_a_killed_lab_left_is_ended_by_the_next_command(lab: Lab) -> None:
    process = lab.start("apply", lab.write_experiment(measure="20s"), *ONLY_FIBER)
    lab.wait_for_window()
    process.kill()
    process.communicate()
    code, _, stderr = lab.run("doctor")
    assert code == 0, stderr
    assert "which was killed" in stderr


def test_an_implementation_that_fails_conformance_is_not_measured_and_the_others_go_on(lab: Lab) -> None:
    health = lab.project / "implementations" / "python-fastapi" / "app" / "echo.py"
    text = health.read_text()
    assert "total" in text
    health.write_text(text.replace("item.price * item.quantity", "item.price"))
    assert health.read_text() != text
    code, stdout, stderr = lab.run("apply", lab.write_experiment())
    assert code == 4, stderr
    assert "fails conformance" in stderr
    assert "echo" in next(line for line in stderr.splitlines() if "fails conformance" in line)
    assert {trial["implementation"] for trial in lab.trials()} == {"go-fiber"}
    assert "conformance" in stdout


def test_a_second_run_on_the_same_machine_waits_for_nobody(lab: Lab) -> None:
    experiment = lab.write_experiment(measure="20s")
    first = lab.start("apply", experiment)
    wait_for_process(lambda command: "/runs/" in command and "postgres" in command)
    code, _, stderr = lab.run("apply", experiment)
    first.send_signal(signal.SIGTERM)
    first.communicate(timeout=60)
    assert (first.returncode, code) == (130, 6)
    assert f"pid {first.pid}" in stderr


def test_conformance_by_name_names_what_fails_and_keeps_the_servers_log(lab: Lab) -> None:
    source = lab.project / "implementations" / "go-fiber" / "app.go"
    broken = source.read_text().replace('"status": "ok"', '"status": "fine"')
    assert broken != source.read_text()
    source.write_text(broken)
    status, stdout, stderr = lab.run("conformance", "go-fiber", "--server", "fiber", "--depth", "gate")
    assert status == 4, stderr
    assert "failed     go-fiber.fiber.w1" in stdout
    assert "failed   health" in stdout
    assert "0 of 1 servers conform" in stdout
    assert (lab.run_folder() / "logs" / "go-fiber.fiber.w1.server.log").exists()
