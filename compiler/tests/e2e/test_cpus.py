"""Which CPUs the processes of a real run may use."""

from __future__ import annotations

import os
import re
import signal
import time
from contextlib import suppress
from pathlib import Path

import pytest

from tests.e2e.conftest import ONLY_FASTAPI, STATE, Lab, processes, wait_for_process

pytestmark = [pytest.mark.tools, pytest.mark.usefixtures("nothing_left")]


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
