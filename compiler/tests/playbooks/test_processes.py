import errno
import json
import os
import resource
import signal
import sys
import time
from pathlib import Path

import pytest
from ansible.module_utils import lab_processes

STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"
PARENT_OF_BURNER = """
import os, time
if os.fork() == 0:
    while time.process_time() < 0.25: pass
    os._exit(0)
os.wait()
print("reaped", flush=True)
time.sleep(60)
"""
CHILD_IN_ITS_OWN_SESSION = """
import os, time
if os.fork() == 0:
    os.setsid()
    print("apart", flush=True)
time.sleep(60)
"""
LATE_CHILD = """
import os, signal, time
signal.signal(signal.SIGUSR1, lambda *_: os.fork())
print("ready", flush=True)
while True: time.sleep(60)
"""
WITH_CHILD = "import os, time; os.fork(); time.sleep(60)"


def start(state: Path, code: str, name: str = "sut") -> lab_processes.Process:
    return lab_processes.start(
        state, name, [sys.executable, "-c", code], env={"PATH": "/usr/bin"}, cwd=state, cpus=[], port=0
    )


def wait_for(condition: object, timeout_s: float = 5) -> None:
    assert callable(condition)
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "the condition never held"
        time.sleep(0.02)


def test_a_started_process_is_recorded_and_stopping_it_forgets_it(tmp_path: Path) -> None:
    process = start(tmp_path, "import time; time.sleep(60)")
    assert lab_processes.read_record(tmp_path, "sut") == process
    assert lab_processes.is_alive(process)
    assert lab_processes.stop(tmp_path, process)
    assert not lab_processes.is_alive(process)
    assert lab_processes.read_records(tmp_path) == []


def test_every_process_may_open_as_many_files_whatever_its_parent_may(tmp_path: Path) -> None:
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (512, limits[1]))
    try:
        process = start(tmp_path, "import time; time.sleep(60)")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    allowed = lab_processes.open_files()
    assert resource.prlimit(process.pid, resource.RLIMIT_NOFILE) == (allowed, allowed)
    assert allowed == min(limits[1], 65_536)
    lab_processes.stop(tmp_path, process)


def test_a_process_that_ignores_the_signal_is_ended_by_force(tmp_path: Path) -> None:
    process = start(tmp_path, STUBBORN)
    wait_for(lambda: "up" in lab_processes.tail(process.log))
    assert not lab_processes.stop(tmp_path, process, timeout_s=0.3)
    assert not lab_processes.is_alive(process)


COUNTING = """
import signal, time
from pathlib import Path
def count(*_):
    with Path("signals").open("a") as signals: signals.write(".")
signal.signal(signal.SIGTERM, count)
print("up", flush=True)
end = time.monotonic() + 60
while time.monotonic() < end and not Path("go").exists(): time.sleep(0.01)
"""


def test_a_process_that_was_asked_to_end_is_not_asked_again(tmp_path: Path) -> None:
    process = start(tmp_path, COUNTING)
    wait_for(lambda: "up" in lab_processes.tail(process.log))
    lab_processes.begin_to_stop(tmp_path, process)
    wait_for((tmp_path / "signals").exists)
    (tmp_path / "go").touch()
    asked = lab_processes.read_record(tmp_path, "sut")
    assert lab_processes.stop(tmp_path, asked) is True
    assert (tmp_path / "signals").read_text() == "."


def test_stopping_needs_no_room_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    process = start(tmp_path, "import time; print('up', flush=True); time.sleep(60)")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(lab_processes, "_record", full)
    wait_for(lambda: "up" in lab_processes.tail(process.log))
    lab_processes.begin_to_stop(tmp_path, process)
    assert lab_processes.is_alive(process)
    assert lab_processes.stop(tmp_path, process) is True
    assert not lab_processes.is_alive(process)


def test_children_end_with_the_session_even_when_its_leader_was_killed(tmp_path: Path) -> None:
    process = start(tmp_path, WITH_CHILD)
    wait_for(lambda: len(lab_processes.session_of(process.pid)) == 2)
    os.kill(process.pid, signal.SIGKILL)
    wait_for(lambda: not lab_processes.is_alive(process))
    lab_processes.stop(tmp_path, process, timeout_s=0.3)
    assert lab_processes.session_of(process.pid) == []


def test_a_record_whose_pid_belongs_to_somebody_else_is_not_alive(tmp_path: Path) -> None:
    process = start(tmp_path, "import time; time.sleep(60)")
    try:
        assert not lab_processes.is_alive(lab_processes.Process(**{**vars(process), "start_ticks": 1}))
    finally:
        lab_processes.stop(tmp_path, process)


def test_a_record_keeps_the_cpus_and_one_without_them_is_still_read(tmp_path: Path) -> None:
    process = lab_processes.start(tmp_path, "sut", ["/bin/true"], env={}, cwd=tmp_path, cpus=[0], port=0)
    assert lab_processes.read_record(tmp_path, "sut") == process
    assert process.cpu_count == 1
    path = tmp_path / "processes" / "sut.json"
    path.write_text(json.dumps({key: value for key, value in json.loads(path.read_text()).items() if key != "cpus"}))
    older = lab_processes.read_record(tmp_path, "sut")
    assert older.cpus == ()
    lab_processes.stop(tmp_path, older)


def test_the_cpu_time_of_children_that_ended_stays_with_their_parent(tmp_path: Path) -> None:
    process = start(tmp_path, PARENT_OF_BURNER)
    try:
        wait_for(lambda: "reaped" in lab_processes.tail(process.log), timeout_s=20)
        assert 0.2 < lab_processes.stat_of(process).reaped_s < 0.5
    finally:
        lab_processes.stop(tmp_path, process)


def test_a_child_in_a_session_of_its_own_belongs_to_the_family(tmp_path: Path) -> None:
    process = start(tmp_path, CHILD_IN_ITS_OWN_SESSION)
    try:
        wait_for(lambda: "apart" in lab_processes.tail(process.log))
        (child,) = {stat.pid for stat in lab_processes.Family(process.pid).living()} - {process.pid}
        assert child not in {stat.pid for stat in lab_processes.session_of(process.pid)}
        os.kill(child, signal.SIGKILL)
    finally:
        lab_processes.stop(tmp_path, process)


def test_a_child_that_comes_later_is_found_among_the_strangers(tmp_path: Path) -> None:
    process = start(tmp_path, LATE_CHILD)
    family = lab_processes.Family(process.pid)
    try:
        assert [stat.pid for stat in family.living()] == [process.pid]
        wait_for(lambda: "ready" in lab_processes.tail(process.log))
        os.kill(process.pid, signal.SIGUSR1)
        wait_for(lambda: len(family.living()) == 2)
    finally:
        lab_processes.stop(tmp_path, process, timeout_s=0.3)


def test_a_torn_record_counts_for_nothing(tmp_path: Path) -> None:
    (tmp_path / "processes").mkdir()
    (tmp_path / "processes" / "sut.json").write_text('{"name": "sut", "pid"')
    assert lab_processes.read_records(tmp_path) == []


def test_the_workers_are_the_processes_without_children_but_for_helpers(tmp_path: Path) -> None:
    process = start(tmp_path, WITH_CHILD)
    try:
        wait_for(lambda: len(lab_processes.session_of(process.pid)) == 2)
        (worker,) = lab_processes.workers_of(process.pid)
        assert worker.ppid == process.pid
        assert lab_processes.workers_of(process.pid, ["import os, time"]) == []
    finally:
        lab_processes.stop(tmp_path, process, timeout_s=0.3)


def test_a_server_of_one_process_is_its_own_worker(tmp_path: Path) -> None:
    process = start(tmp_path, "import time; time.sleep(60)")
    try:
        assert [stat.pid for stat in lab_processes.workers_of(process.pid)] == [process.pid]
    finally:
        lab_processes.stop(tmp_path, process)
