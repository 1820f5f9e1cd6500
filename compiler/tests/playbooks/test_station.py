"""Real stations and the controller's side of them, without Ansible and SSH between the two."""

import errno
import os
import pwd
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext, suppress
from pathlib import Path
from types import ModuleType

import pytest
from ansible.module_utils import lab_station

from benchmark_lab.hosts.ansible import Event
from benchmark_lab.hosts.stations import Order, PlaybookStations
from benchmark_lab.machine.tools import ToolFailedError
from tests.playbooks.conftest import PLUGINS

STATION = f"""
import os, subprocess, sys, time
from pathlib import Path
import ansible.module_utils
ansible.module_utils.__path__.append({str(PLUGINS / "module_utils")!r})
from ansible.module_utils.lab_station import take_orders

def sleep(order, confer):
    with Path(order["pids"]).open("w") as pids:
        pids.write(f"{{os.getpid()}} {{subprocess.Popen(['sleep', '60']).pid}}\\n")
    time.sleep(60)

take_orders(Path(sys.argv[1]), {{
    "echo": lambda order, confer: {{**order, "pid": os.getpid()}},
    "confer": lambda order, confer: {{"first": order, "second": confer(order), "pid": os.getpid()}},
    "fail": lambda order, confer: 1 / 0,
    "die": lambda order, confer: os.kill(os.getpid(), 9),
    "sleep": sleep,
}})
"""


class Stations:
    """Stations of some hosts, run as Ansible would: all at once, until the last one ends."""

    def __init__(self, folder: Path, *hosts: str) -> None:
        self.sockets = {host: folder / host / "station" for host in hosts}
        self.processes: list[subprocess.Popen[bytes]] = []
        self.to_start = hosts
        for path in self.sockets.values():
            path.parent.mkdir(parents=True)

    def play(self, on_event: Callable[[Event], None]) -> None:
        del on_event
        self.processes = [
            subprocess.Popen([sys.executable, "-c", STATION, str(self.sockets[host])]) for host in self.to_start
        ]
        if failed := [code for process in self.processes if (code := process.wait())]:
            raise ToolFailedError(f"stations ended with {failed}")

    def open(self, redact: Callable[[str], str] = str) -> PlaybookStations:
        stations = self.make(redact)
        stations.call()
        return stations

    def make(self, redact: Callable[[str], str] = str) -> PlaybookStations:
        return PlaybookStations(self.play, {host: nullcontext(path) for host, path in self.sockets.items()}, redact)


@pytest.fixture
def hosts(tmp_path: Path) -> Iterator[Stations]:
    stations = Stations(tmp_path, "sut-0", "db-0")
    yield stations
    for process in stations.processes:
        process.kill()
        process.wait()


def is_there(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False


def test_each_host_answers_its_order_in_a_process_of_its_own_and_without_secrets(hosts: Stations) -> None:
    stations = hosts.open(lambda text: text.replace("jwt-secret", "[redacted]"))
    try:
        orders = {"sut-0": Order("echo", {"said": "the jwt-secret"}), "db-0": Order("echo", {"said": "nothing"})}
        first, second = stations.ask(orders), stations.ask(orders)
        assert {host: answer["said"] for host, answer in first.items()} == {
            "sut-0": "the [redacted]",
            "db-0": "nothing",
        }
        pids = {answer["pid"] for answers in (first, second) for answer in answers.values()}
        assert len(pids) == 4
        assert pids.isdisjoint(process.pid for process in hosts.processes)
    finally:
        stations.close()
    assert [process.wait(5) for process in hosts.processes] == [0, 0]
    assert not any(path.exists() for path in hosts.sockets.values())


def test_an_order_may_answer_before_it_is_done_and_is_told_more(hosts: Stations) -> None:
    stations = hosts.open()
    try:
        begun = stations.ask({"sut-0": Order("confer", {"n": 1}), "db-0": Order("echo", {"n": 2})})
        assert begun["sut-0"] == {"n": 1, "waits": True}
        assert begun["db-0"]["n"] == 2
        done = stations.ask({"sut-0": Order("and", {"n": 3})})["sut-0"]
        assert (done["first"], done["second"]) == ({"n": 1}, {"n": 3})
        assert stations.ask({"sut-0": Order("echo", {"n": 4})})["sut-0"]["n"] == 4
    finally:
        stations.close()


def test_an_order_that_waits_ends_when_the_controller_hangs_up(hosts: Stations) -> None:
    stations = hosts.open()
    assert stations.ask({"sut-0": Order("confer")})["sut-0"] == {"waits": True}
    stations.close()
    assert [process.wait(5) for process in hosts.processes] == [0, 0]


@pytest.mark.parametrize(
    ("order", "said"),
    [
        ("fail", "host db-0: the order `fail` failed: ZeroDivisionError: division by zero"),
        ("unknown", "host db-0: the order `unknown` failed: KeyError: 'unknown'"),
        ("die", "host db-0: the order `die` failed: its process ended with status -9"),
    ],
)
def test_an_order_that_fails_is_told_with_its_host_and_does_not_end_the_station(
    hosts: Stations, order: str, said: str
) -> None:
    stations = hosts.open()
    try:
        with pytest.raises(ToolFailedError) as failure:
            stations.ask({"db-0": Order(order)})
        assert said in str(failure.value)
        assert stations.ask({"db-0": Order("echo", {"still": "there"})})["db-0"]["still"] == "there"
    finally:
        stations.close()


def test_hanging_up_ends_what_an_order_is_about_and_whoever_waits_for_it(hosts: Stations, tmp_path: Path) -> None:
    stations, pids = hosts.open(), tmp_path / "pids"
    failures: list[ToolFailedError] = []

    def ask() -> None:
        try:
            stations.ask({"sut-0": Order("sleep", {"pids": str(pids)})})
        except ToolFailedError as error:
            failures.append(error)

    waiting = threading.Thread(target=ask)
    waiting.start()
    order, child = started(pids)
    assert is_there(order)
    assert is_there(child)
    stations.hang_up()
    waiting.join(20)
    assert not waiting.is_alive()
    assert "its station ended during the order `sleep`" in str(failures[0])
    assert not is_there(order)
    assert not is_there(child)
    stations.close()


def test_a_station_that_dies_is_told_with_what_the_playbook_says(hosts: Stations) -> None:
    stations = hosts.open()
    try:
        for process in hosts.processes:
            process.send_signal(signal.SIGKILL)
        with pytest.raises(ToolFailedError, match=r"stations ended with \[-9, -9\]"):
            stations.ask({"sut-0": Order("echo")})
    finally:
        stations.close()


def test_stations_that_do_not_start_are_told_with_what_the_playbook_says(tmp_path: Path) -> None:
    def play(on_event: Callable[[Event], None]) -> None:
        del on_event
        raise ToolFailedError("host sut-0: the host cannot be reached")

    with pytest.raises(ToolFailedError, match="cannot be reached"):
        PlaybookStations(play, {"sut-0": nullcontext(tmp_path / "station")}, str).call()


def test_one_station_that_does_not_start_ends_the_others_at_once(tmp_path: Path) -> None:
    class OneFails(Stations):
        def play(self, on_event: Callable[[Event], None]) -> None:
            on_event(Event("failed", 0.0, "take orders", "station", "sut-0", {}))
            super().play(on_event)
            raise ToolFailedError("host sut-0: the task failed")

    hosts = OneFails(tmp_path, "db-0")
    hosts.sockets = {"sut-0": tmp_path / "nowhere", **hosts.sockets}
    hosts.to_start = ("db-0",)
    with pytest.raises(ToolFailedError, match="host sut-0: the task failed"):
        hosts.open()
    assert [process.wait(5) for process in hosts.processes] == [0]


def test_hanging_up_while_the_stations_start_lets_none_of_them_take_an_order(hosts: Stations) -> None:
    stations = hosts.make()
    stations.hang_up()
    with pytest.raises(ToolFailedError):
        stations.call()
    with pytest.raises(ToolFailedError):
        stations.ask({"sut-0": Order("echo")})
    assert [process.wait(5) for process in hosts.processes] == [0, 0]


def test_an_answer_that_came_beside_a_failure_is_never_taken_for_the_next_ones(hosts: Stations) -> None:
    stations = hosts.open()
    try:
        with pytest.raises(ToolFailedError, match="host sut-0"):
            stations.ask({"sut-0": Order("fail"), "db-0": Order("echo", {"n": 1})})
        assert stations.ask({"db-0": Order("echo", {"n": 2})})["db-0"]["n"] == 2
    finally:
        stations.close()


def test_an_order_ends_with_its_station(hosts: Stations, tmp_path: Path) -> None:
    stations, pids = hosts.open(), tmp_path / "pids"
    waiting = threading.Thread(target=lambda: suppressed(stations, pids))
    waiting.start()
    order, _ = started(pids)
    for process in hosts.processes:
        process.kill()
    waiting.join(20)
    assert not waiting.is_alive()
    deadline = time.monotonic() + 5
    while is_there(order) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not is_there(order)
    stations.close()


def suppressed(stations: PlaybookStations, pids: Path) -> None:
    with suppress(ToolFailedError):
        stations.ask({"sut-0": Order("sleep", {"pids": str(pids)})})


def started(pids: Path) -> tuple[int, int]:
    """The pids of the order that sleeps and of its child, once it has told them."""
    deadline = time.monotonic() + 20
    while not (pids.exists() and pids.read_text().endswith("\n")) and time.monotonic() < deadline:
        time.sleep(0.02)
    order, child = (int(pid) for pid in pids.read_text().split())
    return order, child


def test_a_path_longer_than_sockets_may_have_and_one_that_a_dead_station_left_are_no_obstacle(tmp_path: Path) -> None:
    hosts = Stations(tmp_path / ("long" * 30), "sut-0")
    former = socket.socket(socket.AF_UNIX)
    folder = os.open(hosts.sockets["sut-0"].parent, os.O_PATH)
    former.bind(f"/proc/self/fd/{folder}/station")
    former.close()
    os.close(folder)
    stations = hosts.open()
    assert stations.ask({"sut-0": Order("echo", {"n": 1})})["sut-0"]["n"] == 1
    stations.close()


def test_nobody_calls_for_ever(tmp_path: Path) -> None:
    here = Path.cwd()
    try:
        with pytest.raises(lab_station.NoCallerError, match=r"within 0.1 s"):
            lab_station.take_orders(tmp_path / "station", {}, timeout_s=0.1)
    finally:
        os.chdir(here)  # a station is a process of its own, and stays in its folder
    assert not (tmp_path / "station").exists()


@pytest.mark.skipif(os.getuid() != 0, reason="only root can be another user")
def test_another_user_of_the_machine_gives_no_orders(tmp_path: Path) -> None:
    here, nobody = Path.cwd(), pwd.getpwnam("nobody")
    try:
        with lab_station.listening(tmp_path / "station"):  # its folder is where the process is now
            assert [calls_as(user) for user in (nobody.pw_uid, 0)] == [errno.EACCES, 0]
    finally:
        os.chdir(here)


def calls_as(user: int) -> int:
    """The error of another user's call to the station of the working folder; 0 if it gets through."""
    pid = os.fork()
    if pid == 0:
        os.setuid(user)
        os._exit(socket.socket(socket.AF_UNIX).connect_ex("station"))
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def test_the_path_of_a_server_begins_with_the_programs_of_its_language(
    tmp_path: Path, module: Callable[[str], ModuleType]
) -> None:
    launch = tmp_path / "toolchain" / "launch"
    launch.parent.mkdir()
    launch.write_text('#!/bin/sh\necho "$PATH"\n')
    launch.chmod(0o755)
    fixed = {"env": {"PATH": "/usr/bin:/bin"}, "cpus": [], "host": "127.0.0.1"}
    ready = {"ready_path": "/health", "ready_timeout_s": 10}
    acts = module("station").acts(
        {
            "folder": str(tmp_path),
            "files": str(tmp_path),
            "metadata": "",
            "server": {**fixed, **ready},
            "database": {},
            "load": {},
            "database_url": "",
            "jwt_secret": "",
        }
    )
    order = {"argv": ["launch"], "cwd": "", "env": {}, "path": [str(launch.parent)], "helpers": []}
    started = acts["serve"](order, lambda _: {})
    assert started["problem"] == "the server ended before it was ready"
    assert started["log_tail"].strip() == f"{launch.parent}:/usr/bin:/bin"
