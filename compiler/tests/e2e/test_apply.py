"""`lab apply` for real: what it measures, which CPUs it uses, and what it refuses to measure."""

from __future__ import annotations

import json
import os
import re
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.conftest import ONLY_FASTAPI, STATE, Lab, new_lab, processes, wait_for_process

pytestmark = [pytest.mark.tools, pytest.mark.usefixtures("nothing_left")]


@dataclass(frozen=True, slots=True)
class Ended:
    """A run that came to its end."""

    lab: Lab
    code: int
    stdout: str
    stderr: str


@dataclass(frozen=True, slots=True)
class Watched:
    """A run that was looked at in its first window."""

    ended: Ended
    commands: dict[int, str]
    """Of its processes but the server's, by pid."""
    allowed: dict[int, set[int]]
    """The CPUs that their threads may use, by pid."""


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Watched:
    """A run of two implementations."""
    with new_lab(tmp_path_factory.mktemp("watched")) as lab:
        process = lab.start("apply", lab.write_experiment("03-db-read", window="4s"))
        lab.wait_for_window()
        time.sleep(2)  # the warm-up is over
        server = wait_for_process(lambda command: "-m uvicorn" in command or command.endswith("/server fiber"))
        allowed = {pid: cpus for pid, cpus in cpus_of_run(process.pid).items() if os.getsid(pid) != server}
        commands = {pid: command for pid, command in processes().items() if pid in allowed}
        stdout, stderr = process.communicate(timeout=300)
        return Watched(Ended(lab, process.returncode, stdout, stderr), commands, allowed)


def test_nothing_of_a_run_but_the_server_may_use_the_servers_cpus_in_a_window(watched: Watched) -> None:
    servers = min(os.sched_getaffinity(0))
    for wanted in ("benchmark_lab apply", "ansible", "k6 run", "postgres", "/upstream"):
        assert any(wanted in command for command in watched.commands.values()), (wanted, watched.commands)
    allowed = {watched.commands.get(pid, str(pid)): cpus for pid, cpus in watched.allowed.items() if servers in cpus}
    assert allowed == {}


def test_a_run_ends_with_valid_trials_a_summary_and_a_sealed_journal(watched: Watched) -> None:
    lab, stdout = watched.ended.lab, watched.ended.stdout
    assert watched.ended.code == 0, watched.ended.stderr
    trials = lab.trials()
    assert [trial["verdict"] for trial in trials] == ["valid", "valid"]
    for trial in trials:
        assert trial["requests"] == pytest.approx(200, abs=3)
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
    rates = {trial["load"]: trial["arrival_rate_rps"] for trial in measured}
    assert rates.keys() == {"capacity", "equal-rate", "equal-utilisation"}
    assert (rates["equal-rate"], rates["equal-utilisation"]) in [(int(rps * 0.5), int(rps * 0.7)) for rps in reached]


def break_echo(lab: Lab) -> None:
    """Have Fiber's implementation answer wrongly."""
    source = lab.project / "implementations" / "go-fiber" / "echo.go"
    text = source.read_text()
    assert "*item.Price * float64(*item.Quantity)" in text
    source.write_text(text.replace("*item.Price * float64(*item.Quantity)", "*item.Price"))


@pytest.fixture(scope="module")
def half_broken(tmp_path_factory: pytest.TempPathFactory) -> Ended:
    """A run of two implementations, one of which answers wrongly, under a load that two load hosts share."""
    with new_lab(tmp_path_factory.mktemp("half-broken")) as lab:
        break_echo(lab)
        return Ended(lab, *lab.run("apply", lab.write_experiment("05-external-api", window="3s", load_hosts=2)))


def test_an_implementation_that_fails_conformance_is_excluded_and_the_others_go_on(half_broken: Ended) -> None:
    assert half_broken.code == 4, half_broken.stderr
    assert "echo" in next(line for line in half_broken.stderr.splitlines() if "fails conformance" in line)
    assert {trial["implementation"] for trial in half_broken.lab.trials()} == {"python-fastapi"}
    assert "conformance" in half_broken.stdout


def test_several_load_hosts_share_the_load_and_their_figures_are_one_trials(half_broken: Ended) -> None:
    (trial,) = half_broken.lab.trials()
    assert trial["verdict"] == "valid", trial["reasons"]
    assert trial["requests"] == pytest.approx(150, abs=3)
    assert trial["dropped_iterations"] == 0


def test_conformance_by_name_names_what_fails_and_keeps_the_servers_log(lab: Lab) -> None:
    break_echo(lab)
    status, stdout, stderr = lab.run("conformance", "go-fiber", "--server", "fiber", "--depth", "gate")
    assert status == 4, stderr
    assert "failed     go-fiber.fiber.w1" in stdout
    assert "failed   echo" in stdout
    assert "0 of 1 servers conform" in stdout
    assert (lab.run_folder() / "logs" / "go-fiber.fiber.w1.server.log").exists()


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
