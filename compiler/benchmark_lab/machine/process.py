"""Starts and ends processes: the only module that imports subprocess."""

from __future__ import annotations

import contextlib
import os
import secrets
import select
import signal
import subprocess
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO, TextIO

from benchmark_lab.machine.tools import Completed, ToolFailedError

_MARK = "LAB_STARTED_BY"
_END_TIMEOUT_S = 5.0
_PIECE = 1 << 16
_FOLLOW_S = 0.1


class Dialogue:
    """The real `Conversation`, with a process of this machine."""

    def __init__(self, child: subprocess.Popen[bytes]) -> None:
        self._child = child
        self._rest = b""

    def ask(self, line: str, timeout_s: float) -> str | None:
        """Send the program a line and return the program's answer; None if the program ended or is silent."""
        assert self._child.stdin  # noqa: S101  both are pipes
        assert self._child.stdout  # noqa: S101
        deadline = time.monotonic() + timeout_s
        try:
            self._child.stdin.write(f"{line}\n".encode())
            self._child.stdin.flush()
        except OSError:
            return None
        while b"\n" not in self._rest:
            readable, _, _ = select.select([self._child.stdout], [], [], max(0.0, deadline - time.monotonic()))
            piece = os.read(self._child.stdout.fileno(), _PIECE) if readable else b""
            if not piece:
                return None
            self._rest += piece
        answer, _, self._rest = self._rest.partition(b"\n")
        return answer.decode(errors="replace")

    def close(self) -> None:
        """End the program's input, upon which the program ends, or is ended."""
        assert self._child.stdin  # noqa: S101  a pipe
        with contextlib.suppress(OSError):
            self._child.stdin.close()
        try:
            self._child.wait(_END_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        if self._child.stdout:
            self._child.stdout.close()


class Processes:
    """The real `Tools`, which start processes on this machine."""

    def __init__(self) -> None:
        self.mark = f"{_MARK}={os.getpid()}-{secrets.token_hex(8)}"
        """Mark in the environment of every command that `stream` runs.

        By the mark, `lab` finds a command's descendants, whatever became of the command.
        """

    def run(
        self,
        argv: Sequence[str],
        *,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        timeout_s: float = 60,
    ) -> Completed:
        """Run a short command to its end."""
        try:
            done = subprocess.run(  # noqa: S603  argv lists only, never a shell
                list(argv),
                cwd=cwd,
                env=env,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=timeout_s,
                check=False,
                start_new_session=True,  # a terminal's Ctrl-C is for `lab` alone, which may be cleaning up
            )
        except FileNotFoundError as error:
            raise ToolFailedError(f"{argv[0]} is not installed", next_step="run `lab doctor`") from error
        except subprocess.TimeoutExpired as error:
            raise ToolFailedError(f"`{' '.join(argv)}` did not end within {timeout_s:g} s") from error
        return Completed(done.returncode, done.stdout, done.stderr)

    def stream(
        self, argv: Sequence[str], *, env: Mapping[str, str], cwd: Path, log: Path, on_line: Callable[[str], None]
    ) -> int:
        """Run a long command in a session of its own, write the output to `log`, and return the exit status."""
        reader, writer = os.pipe()
        name, value = self.mark.split("=")
        with log.open("ab") as output, os.fdopen(reader, encoding="utf-8", errors="replace") as events:
            try:
                child = subprocess.Popen(  # noqa: S603  argv lists only, never a shell
                    list(argv),
                    cwd=cwd,
                    env={**env, name: value, "LAB_EVENTS_FD": str(writer)},
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    pass_fds=(writer,),
                    start_new_session=True,
                )
            finally:
                os.close(writer)
            try:
                for line in events:
                    on_line(line)
                return child.wait()
            except BaseException:
                told = _told_by(child.pid)
                child.terminate()
                with contextlib.suppress(subprocess.TimeoutExpired):
                    child.wait(_END_TIMEOUT_S)
                child.kill()
                child.wait()
                end_marked(self.mark, told)
                raise

    def converse(self, argv: Sequence[str], *, env: Mapping[str, str], log: Path) -> Dialogue:
        """Start a program to talk with, in a session of its own, and write the program's messages to `log`.

        The program ends when `lab` ends.
        """
        with log.open("ab") as messages:
            child = subprocess.Popen(  # noqa: S603  argv lists only, never a shell
                list(argv),
                cwd="/",
                env=dict(env),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=messages,
                start_new_session=True,
            )
        return Dialogue(child)

    def start(self, argv: Sequence[str], *, env: Mapping[str, str], log: Path) -> None:
        """Start a command that goes on without `lab`, in a session of its own, and write the output to `log`."""
        with log.open("ab") as output:
            subprocess.run(  # noqa: S603  argv lists only, never a shell
                ["setsid", "--fork", *argv],  # noqa: S607  from PATH, like every tool
                cwd="/",
                env=dict(env),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                check=True,
            )


def _told_by(pid: int) -> frozenset[int]:
    """Return the processes to which a tool passes on the signals that the tool gets.

    These processes are the tool's group, and the groups of the tool's children.
    """
    groups = {pid} | {child for child in _pids() if _stat(child, "ppid") == pid}
    return frozenset(other for other in _pids() if _stat(other, "pgrp") in groups)


def follow(argv: Sequence[str], *, env: Mapping[str, str], cwd: Path, log: Path, on_line: Callable[[str], None]) -> int:
    """Run a long command that must end by itself, in a session of its own, and return the exit status.

    What the command prints goes to `log`, and each line of the output to `on_line`. The lines come through the file:
    the command goes on if `lab` is killed, and writing to a broken pipe would end the command.
    What interrupts `lab` interrupts the command exactly once. `lab` then waits for the command, however long it takes.

    Raises:
        ToolFailedError: if there is no such command.
    """
    with log.open("ab") as output, log.open(encoding="utf-8", errors="replace") as printed:
        printed.seek(0, os.SEEK_END)
        child = _begin(argv, env, cwd, output)
        try:
            return _followed(child, printed, on_line)
        except BaseException:
            if child.poll() is None:
                child.send_signal(signal.SIGINT)
                _followed(child, printed, on_line)
            raise


def _followed(child: subprocess.Popen[bytes], printed: TextIO, on_line: Callable[[str], None]) -> int:
    rest = ""
    while True:
        status = child.poll()  # before the reading: what was printed until then is in the file
        *lines, rest = (rest + printed.read()).split("\n")
        for line in lines:
            on_line(line)
        if status is not None:
            return status
        time.sleep(_FOLLOW_S)


def ask(argv: Sequence[str], *, env: Mapping[str, str], cwd: Path) -> Completed:
    """Run a command that must end by itself, as `follow` does; return how the command ended, and what was printed.

    Raises:
        ToolFailedError: if there is no such command.
    """
    child = _begin(argv, env, cwd, subprocess.PIPE)
    try:
        printed, said = child.communicate()
    except BaseException:
        if child.poll() is None:
            child.send_signal(signal.SIGINT)
            child.communicate()
        raise
    return Completed(child.returncode, printed.decode(errors="replace"), said.decode(errors="replace"))


def _begin(argv: Sequence[str], env: Mapping[str, str], cwd: Path, output: int | BinaryIO) -> subprocess.Popen[bytes]:
    """Start a command in a session of its own, without input.

    Where `output` is a pipe, each kind of output has a pipe of its own.
    """
    try:
        return subprocess.Popen(  # noqa: S603  argv lists only, never a shell
            list(argv),
            cwd=cwd,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    except FileNotFoundError as error:
        raise ToolFailedError(f"{argv[0]} is not installed", next_step="run `lab doctor`") from error


def interrupt_in(folder: Path) -> None:
    """Interrupt, once each, the processes that work in a folder, and wait until the processes have ended."""
    if pids := _pids_in(folder):
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGINT)
        while _pids_in(folder):
            time.sleep(_FOLLOW_S)


def _pids_in(folder: Path) -> list[int]:
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if (process / "cwd").readlink() == folder and int(process.name) != os.getpid():
                found.append(int(process.name))
    return found


def end_marked(mark: str, told: Collection[int] = ()) -> None:
    """End every process whose environment carries the mark, whoever the process's parent is by now.

    Each process gets one SIGTERM, since many a tool takes a second one for impatience.
    The processes in `told` have had their SIGTERM.
    """
    signalled = set(told)
    deadline = time.monotonic() + _END_TIMEOUT_S
    while (pids := marked_pids(mark)) and time.monotonic() < deadline:
        for pid in pids - signalled:
            _signal(pid, signal.SIGTERM)
        signalled |= pids
        time.sleep(0.1)
    deadline = time.monotonic() + _END_TIMEOUT_S
    while (pids := marked_pids(mark)) and time.monotonic() < deadline:
        for pid in pids:
            _signal(pid, signal.SIGKILL)
        time.sleep(0.1)


def _signal(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)


def marked_pids(mark: str) -> set[int]:
    """Return the pids of the other processes whose environment carries the mark."""
    entry, found = mark.encode(), set()
    for pid in _pids():
        with contextlib.suppress(OSError):
            if pid != os.getpid() and entry in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0"):
                found.add(pid)
    return found


def _pids() -> list[int]:
    return [int(folder.name) for folder in Path("/proc").glob("[0-9]*")]


def start_ticks(pid: int) -> int | None:
    """Return when the process started, in the kernel's ticks; None if the process is gone.

    The ticks tell the process from a later process with the same pid.
    """
    return _stat(pid, "starttime")


_FIELDS = {"ppid": 1, "pgrp": 2, "starttime": 19}
"""Positions of fields in /proc/PID/stat, counted from the field after the name."""


def _stat(pid: int, name: str) -> int | None:
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return None
    return int(text[text.rindex(")") + 2 :].split()[_FIELDS[name]])
