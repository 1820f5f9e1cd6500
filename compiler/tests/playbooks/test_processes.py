import os
import signal
import sys
import time
from pathlib import Path

from ansible.module_utils import lab_processes, lab_sampler

STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"
WITH_CHILD = "import os, time; os.fork(); time.sleep(60)"
BURN = "import time\nend = time.process_time() + 0.5\nwhile time.process_time() < end: pass\ntime.sleep(60)"


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


def test_a_process_that_ignores_the_signal_is_ended_by_force(tmp_path: Path) -> None:
    process = start(tmp_path, STUBBORN)
    wait_for(lambda: "up" in lab_processes.tail(process.log))
    assert not lab_processes.stop(tmp_path, process, timeout_s=0.3)
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


def test_a_torn_record_counts_for_nothing(tmp_path: Path) -> None:
    (tmp_path / "processes").mkdir()
    (tmp_path / "processes" / "sut.json").write_text('{"name": "sut", "pid"')
    assert lab_processes.read_records(tmp_path) == []


def test_the_sampler_sees_the_cpu_time_of_a_window(tmp_path: Path) -> None:
    process = start(tmp_path, BURN)
    began = time.monotonic()
    lab_sampler.start_sampler(tmp_path, process, [])
    path = lab_sampler.samples_path(tmp_path, "sut")
    wait_for(lambda: any(sum(s.cpu_s.values()) >= 0.5 for s in lab_sampler.read_samples(path)), timeout_s=20)
    time.sleep(0.3)
    ended = time.monotonic()
    try:
        window = lab_sampler.observe(lab_sampler.read_samples(path), began, ended, ())
        assert 0.4 < window.cpu_s < 0.7
        assert window.rss_peak_bytes > 2**20
    finally:
        lab_processes.stop(tmp_path, process)


def test_the_workers_are_the_processes_without_children_but_for_helpers(tmp_path: Path) -> None:
    process = start(tmp_path, WITH_CHILD)
    try:
        wait_for(lambda: len(lab_processes.session_of(process.pid)) == 2)
        (worker,) = lab_processes.workers_of(process.pid)
        assert worker.ppid == process.pid
        assert lab_processes.workers_of(process.pid, ["import os, time"]) == []
    finally:
        lab_processes.stop(tmp_path, process)


def test_a_server_of_one_process_is_its_own_worker(tmp_path: Path) -> None:
    process = start(tmp_path, "import time; time.sleep(60)")
    try:
        assert [stat.pid for stat in lab_processes.workers_of(process.pid)] == [process.pid]
    finally:
        lab_processes.stop(tmp_path, process)


def test_a_process_that_came_within_the_window_counts_from_nothing() -> None:
    samples = [
        lab_sampler.Sample(0.0, {"1:1": 5.0}, 100),
        lab_sampler.Sample(1.0, {"1:1": 6.0, "2:1": 0.5}, 100),
        lab_sampler.Sample(2.0, {"1:1": 7.0, "2:1": 1.5}, 100),
    ]
    window = lab_sampler.observe(samples, 0.0, 2.0, ("1:1", "2:1"))
    assert window.cpu_s_by_process == {"1:1": 2.0, "2:1": 1.5}
    assert window.cpu_s == 3.5


def test_a_window_is_interpolated_and_a_process_that_ended_keeps_counting() -> None:
    samples = [
        lab_sampler.Sample(0.0, {"1:1": 0.0, "2:1": 0.0}, 100),
        lab_sampler.Sample(1.0, {"1:1": 1.0, "2:1": 2.0}, None),
        lab_sampler.Sample(2.0, {"1:1": 2.0}, 300),
    ]
    window = lab_sampler.observe(samples, 0.5, 2.0, ("1:1",))
    assert window.cpu_s == 4.0 - 1.5
    assert window.rss_peak_bytes == 300
    assert window.processes_before == ("1:1", "2:1")
    assert window.processes_after == ("1:1",)
