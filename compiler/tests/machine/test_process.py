import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from benchmark_lab.machine.process import Processes, follow, interrupt_in, start_ticks
from benchmark_lab.machine.tools import ToolFailedError

EMIT = "import os; os.write(int(os.environ['LAB_EVENTS_FD']), b'one\\ntwo\\n'); raise SystemExit(3)"
DETACH = """
import os, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True)
os.write(int(os.environ["LAB_EVENTS_FD"]), f"{child.pid}\\n".encode())
time.sleep(60)
"""
PATIENT = """
import signal, sys, time
interrupts = []
signal.signal(signal.SIGINT, lambda number, frame: interrupts.append(number))
print("begun", flush=True)
while not interrupts:
    time.sleep(0.01)
time.sleep(0.5)
print(f"interrupted {len(interrupts)} times", flush=True)
sys.exit(4)
"""


COUNT = """
import os, signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: os.write(told, b"x"))
told = os.open(sys.argv[1], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
os.write(int(os.environ["LAB_EVENTS_FD"]), b"ready\\n")
time.sleep(1.5)
"""
STARTS = """
import os, subprocess, sys, time
count = 'setsid "$0" -c "$1" "$2" & wait'
subprocess.Popen(["sh", "-c", count, sys.executable, *sys.argv[1:]], pass_fds=[int(os.environ["LAB_EVENTS_FD"])])
time.sleep(60)
"""


def test_what_left_its_session_gets_one_signal_however_long_it_takes_to_end(tmp_path: Path) -> None:
    def interrupt(line: str) -> None:
        assert line == "ready\n"
        raise KeyboardInterrupt

    argv = [sys.executable, "-c", STARTS, COUNT, str(tmp_path / "told")]
    with pytest.raises(KeyboardInterrupt):
        Processes().stream(
            argv, env={"PATH": os.environ["PATH"]}, cwd=tmp_path, log=tmp_path / "log", on_line=interrupt
        )
    assert (tmp_path / "told").read_bytes() == b"x"


def test_a_streamed_programs_lines_and_status_arrive(tmp_path: Path) -> None:
    lines: list[str] = []
    status = Processes().stream(
        [sys.executable, "-c", EMIT], env={}, cwd=tmp_path, log=tmp_path / "log", on_line=lines.append
    )
    assert (status, lines) == (3, ["one\n", "two\n"])


def test_an_interrupted_stream_ends_even_what_left_its_session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmark_lab.machine.process._END_TIMEOUT_S", 0.5)
    pids: list[int] = []

    def interrupt(line: str) -> None:
        pids.append(int(line))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Processes().stream(
            [sys.executable, "-c", DETACH], env={}, cwd=tmp_path, log=tmp_path / "log", on_line=interrupt
        )
    deadline = time.monotonic() + 5
    while start_ticks(pids[0]) is not None and time.monotonic() < deadline:
        time.sleep(0.05)  # the orphan is reaped by init
    with pytest.raises(ProcessLookupError):
        os.kill(pids[0], signal.SIGCONT)


def test_a_missing_program_is_a_clear_error() -> None:
    with pytest.raises(ToolFailedError, match="no-such-program is not installed"):
        Processes().run(["no-such-program"])


def test_a_followed_programs_lines_arrive_and_stay_in_its_log(tmp_path: Path) -> None:
    log, lines = tmp_path / "log", list[str]()
    log.write_text("from before\n")
    script = "echo one; echo two >&2; printf three; exit 5"
    status = follow(["sh", "-c", script], env={}, cwd=tmp_path, log=log, on_line=lines.append)
    assert (status, lines) == (5, ["one", "two"])
    assert log.read_text() == "from before\none\ntwo\nthree"


def test_an_interrupt_reaches_what_is_followed_once_and_waits_for_its_end(tmp_path: Path) -> None:
    lines: list[str] = []

    def interrupted(line: str) -> None:
        lines.append(line)
        if line == "begun":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        follow([sys.executable, "-c", PATIENT], env={}, cwd=tmp_path, log=tmp_path / "log", on_line=interrupted)
    assert lines == ["begun", "interrupted 1 times"]


def test_what_works_in_a_folder_is_interrupted_once_and_waited_for(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    with (tmp_path / "printed").open("w") as printed:
        working = subprocess.Popen([sys.executable, "-c", PATIENT], cwd=tmp_path, stdout=printed)
        other = subprocess.Popen([sys.executable, "-c", PATIENT], cwd=tmp_path / "elsewhere", stdout=printed)
        while (tmp_path / "printed").read_text().count("begun") < 2:
            time.sleep(0.01)
    try:
        interrupt_in(tmp_path)
        assert (working.wait(), other.poll()) == (4, None)
        assert (tmp_path / "printed").read_text().endswith("interrupted 1 times\n")
    finally:
        other.kill()
        other.wait()


def test_a_missing_program_cannot_be_followed(tmp_path: Path) -> None:
    with pytest.raises(ToolFailedError, match="no-such-program is not installed"):
        follow(["no-such-program"], env={}, cwd=tmp_path, log=tmp_path / "log", on_line=print)
