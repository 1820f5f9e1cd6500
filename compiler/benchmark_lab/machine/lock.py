"""Locks that end with the process that holds the lock: one run holds a set of hosts, and one `lab` holds a run."""

from __future__ import annotations

import fcntl
import os
import pwd
import shlex
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from benchmark_lab.diagnostics import LabError
from benchmark_lab.machine.tools import ToolFailedError

MACHINE = Path("/var/tmp/benchmark-lab.lock")  # noqa: S108  survives a reboot, unlike /tmp
"""Path of the lock that a run holds on each machine that it measures; all users have the same lock."""
_PATIENCE_S = 1.0
"""Seconds to wait for the words of whoever has just taken the lock."""


class LockedError(LabError):
    """Another run holds the hosts, or the run; the text says which run."""

    exit_code = 6


@contextmanager
def locked(path: Path, what: str, run: str) -> Iterator[None]:
    """Hold the lock of this file for one run; the file says who holds the lock, from where, since when and why.

    The file is opened for every user of the machine, since two users' runs would measure each other, too.

    Args:
        path: the lock's file, made where the file does not exist; the file stays.
        what: what the lock stands for, such as `this machine`.
        run: the name of the run.

    Raises:
        LockedError: if somebody else holds the lock.
        ToolFailedError: if the file cannot be opened.
    """
    descriptor = _opened(path)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise LockedError(f"{what} is in use by {_holder(descriptor)}") from error
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{_introduction(run)}\n".encode(), 0)
        try:
            yield
        finally:
            os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)


def _opened(path: Path) -> int:
    """Return a descriptor of the lock's file: made first, then opened without making the file.

    In folders that everybody may write, Linux refuses to open a stranger's file with O_CREAT (fs.protected_regular).
    """
    try:
        try:
            made = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o666)
        except FileExistsError:
            pass
        else:
            os.fchmod(made, 0o666)  # whatever the umask
            os.close(made)
        return os.open(path, os.O_RDWR | os.O_NOFOLLOW)
    except OSError as error:
        raise ToolFailedError(f"the lock {path} cannot be opened: {error.strerror}", next_step="remove it") from error


def _introduction(run: str) -> str:
    user, host = pwd.getpwuid(os.getuid()).pw_name, socket.gethostname()
    command = shlex.join(["lab", *sys.argv[1:]])
    since = f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC"
    return f"run {run} (pid {os.getpid()}, {user}@{host}, since {since}: `{command}` in {Path.cwd()})"


def _holder(descriptor: int) -> str:
    """Return what the lock's holder wrote, as soon as the holder has written."""
    deadline = time.monotonic() + _PATIENCE_S
    while not (text := os.pread(descriptor, 4096, 0).decode(errors="replace").strip()):
        if time.monotonic() > deadline:
            return "another run"
        time.sleep(0.02)
    return text
