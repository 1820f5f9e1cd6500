"""Long-lived processes on a host: started in sessions of their own, recorded, sampled, and stopped for sure.

A record is a JSON file `<state>/processes/<name>.json` with the pid and its start time, so that a pid which the kernel
gave to somebody else is never touched.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import pwd
import resource
import signal
import socket
import subprocess
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

STOP_TIMEOUT_S = 5.0
OPEN_FILES = 65_536
"""Descriptors that a process may have: a connection takes one, and from one host to one port there are 64,512."""
_PR_SET_PDEATHSIG = 1
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Process:
    """One recorded process: the leader of its session."""

    name: str
    pid: int
    start_ticks: int
    """Field 22 of /proc/PID/stat: tells this process from a later one with the same pid."""
    port: int
    started_at: float
    stop_signal: int
    log: str
    cpus: tuple[int, ...] = ()
    """CPU numbers it may use; empty: all."""
    is_stopping: bool = False
    """Whether it was asked to end."""

    @property
    def cpu_count(self) -> int:
        """How many CPUs it may use."""
        return len(self.cpus) or os.cpu_count() or 1


@dataclass(frozen=True)
class Stat:
    """The fields of /proc/PID/stat that identify a process and place it."""

    pid: int
    state: str
    ppid: int
    session: int
    reaped_s: float
    """CPU time of the children that ended and that it waited for, and of theirs; to 10 ms."""
    start_ticks: int

    @property
    def key(self) -> str:
        """Identity of the process over the life of the host."""
        return f"{self.pid}:{self.start_ticks}"


def read_stat(pid: int) -> Stat | None:
    """The process's stat, or None if it is gone."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return None
    fields = text[text.rindex(")") + 2 :].split()  # the command may hold spaces and parentheses
    return Stat(
        pid=pid,
        state=fields[0],
        ppid=int(fields[1]),
        session=int(fields[3]),
        reaped_s=(int(fields[13]) + int(fields[14])) / _TICKS_PER_S,
        start_ticks=int(fields[19]),
    )


def all_pids() -> list[int]:
    """The pid of every process of the host."""
    return [int(entry) for entry in os.listdir("/proc") if entry.isdigit()]  # noqa: PTH208  Path objects cost 5 times as much


def all_stats() -> list[Stat]:
    """The stat of every process of the host."""
    return [stat for pid in all_pids() if (stat := read_stat(pid)) is not None]


def session_of(leader: int) -> list[Stat]:
    """The living processes of the leader's session, zombies left out."""
    return [stat for stat in all_stats() if stat.session == leader and stat.state not in "ZX"]


class Family:
    """The processes of a leader's session, and its children in sessions of their own, such as PostgreSQL's.

    Looked for again and again, since it remembers strangers, who can't join: reading /proc of each costs 20 µs.
    """

    def __init__(self, leader: int) -> None:
        self._leader = leader
        self._strangers: set[int] = set()

    def living(self) -> list[Stat]:
        """Those that live now, zombies left out."""
        pids = set(all_pids())
        self._strangers &= pids
        stats = [stat for pid in sorted(pids - self._strangers) if (stat := read_stat(pid)) is not None]
        found = [stat for stat in stats if self._leader in (stat.session, stat.ppid)]
        self._strangers |= {stat.pid for stat in stats} - {stat.pid for stat in found}
        return [stat for stat in found if stat.state not in "ZX"]


def workers_of(leader: int, helpers: Sequence[str] = ()) -> list[Stat]:
    """The processes of the leader's session that serve: those without children, but for helpers.

    Args:
        leader: pid of the session's leader; a server of one process is its own worker.
        helpers: words of command lines; a process that holds one of them is no worker.
    """
    session = session_of(leader)
    parents = {stat.ppid for stat in session}
    return [
        stat for stat in session if stat.pid not in parents and not any(word in _command(stat.pid) for word in helpers)
    ]


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def stat_of(process: Process) -> Stat | None:
    """The stat of the recorded process itself, or None if it does not run any more."""
    stat = read_stat(process.pid)
    return stat if stat and stat.start_ticks == process.start_ticks and stat.state not in "ZX" else None


def is_alive(process: Process) -> bool:
    """Whether the recorded process itself still runs."""
    return stat_of(process) is not None


def cpu_time_s(pid: int) -> float | None:
    """CPU time of a process with its ended threads, to the nanosecond, or None if it is gone.

    The clock's id is that of clock_getcpuclockid(3); /proc/PID/stat counts in ticks of 10 ms, too coarse for a window
    of seconds.
    """
    try:
        return time.clock_gettime(((~pid) << 3) | 2)
    except OSError:
        return None


def free_port(host: str) -> int:
    """A TCP port that nobody listens on now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


_LIBC = ctypes.CDLL(None, use_errno=True)


def die_with_parent(parent: int | None = None) -> None:
    """Have the kernel end the calling process when its parent ends; for use after a fork.

    Args:
        parent: who that is, where it may have ended already; the caller then ends at once.
    """
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if parent is not None and os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)


def pin_session(cpus: Sequence[int]) -> None:
    """Keep the calling process, and the shells of its session that wait for it, to these CPUs."""
    for stat in session_of(os.getsid(0)):
        with contextlib.suppress(OSError):
            os.sched_setaffinity(stat.pid, cpus)


def open_files() -> int:
    """How many descriptors each process of a run may have on this host; fewer where the host allows fewer."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    return OPEN_FILES if most == resource.RLIM_INFINITY else min(most, OPEN_FILES)


def limit_open_files() -> None:
    """Give the calling process that limit; for use between fork and exec.

    The hard one, too: Go and Node.js raise the soft limit to it by themselves, Python does not.
    """
    resource.setrlimit(resource.RLIMIT_NOFILE, (open_files(), open_files()))


def identity_of(user: str | None) -> dict[str, Any]:
    """The options with which subprocess runs a program as this system user, its primary group and no other."""
    if user is None:
        return {}
    entry = pwd.getpwnam(user)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def _record_path(state: Path, name: str) -> Path:
    return state / "processes" / f"{name}.json"


def read_records(state: Path) -> list[Process]:
    """Every recorded process, in the order of their starts; a half-written record counts for nothing."""
    records = []
    for path in (state / "processes").glob("*.json"):
        with contextlib.suppress(ValueError, TypeError, AttributeError, OSError):
            record = json.loads(path.read_text())
            records.append(Process(**{**record, "cpus": tuple(record.get("cpus", ()))}))
    return sorted(records, key=lambda process: process.started_at)


def read_record(state: Path, name: str) -> Process | None:
    """The recorded process of this name."""
    return next((process for process in read_records(state) if process.name == name), None)


def start(
    state: Path,
    name: str,
    argv: Sequence[str],
    *,
    env: Mapping[str, str],
    cwd: Path,
    cpus: Sequence[int],
    port: int,
    user: str | None = None,
    stop_signal: int = signal.SIGTERM,
) -> Process:
    """Start a process in a session of its own, on its CPU set, with exactly this environment, and record it.

    It may open as many files as any other.

    Args:
        state: the run's state folder on this host; the log goes to `<state>/logs/<name>.log`.
        name: the record's name; a process of that name must have been stopped before.
        argv: program and arguments.
        env: the whole environment.
        cwd: working folder.
        cpus: CPU numbers it may use; empty: all.
        port: the port it is told to listen on, for the record.
        user: run as this user instead of the caller; needs root.
        stop_signal: what `stop` sends first.

    Raises:
        OSError: if the program cannot be executed.
    """
    log = state / "logs" / f"{name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    _record_path(state, name).parent.mkdir(parents=True, exist_ok=True)

    def enter() -> None:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
        limit_open_files()
        if cpus:
            os.sched_setaffinity(0, cpus)

    with _held_off(signal.SIGTERM):  # who is ended meanwhile leaves no server that nobody knows of
        with log.open("wb") as output:
            child = subprocess.Popen(  # noqa: S603  the argv is the manifest's, reviewed like code
                list(argv),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=dict(env),
                cwd=cwd,
                start_new_session=True,
                preexec_fn=enter,  # noqa: PLW1509  the module has one thread
                **identity_of(user),
            )
        child.returncode = 0  # it outlives this program, which shall not warn of a child that nobody waited for
        stat = read_stat(child.pid)
        process = Process(
            name=name,
            pid=child.pid,
            start_ticks=stat.start_ticks if stat else 0,
            port=port,
            started_at=time.time(),
            stop_signal=stop_signal,
            log=str(log),
            cpus=tuple(cpus),
        )
        _record(state, process)
    return process


def _record(state: Path, process: Process) -> None:
    path = _record_path(state, process.name)
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(asdict(process)))
    partial.replace(path)


@contextlib.contextmanager
def _held_off(number: signal.Signals) -> Iterator[None]:
    """Let a signal take effect only after this."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {number})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def stop(state: Path, process: Process, timeout_s: float = STOP_TIMEOUT_S) -> bool:
    """End the process and its whole session, by force after `timeout_s`; forget the record.

    Returns:
        Whether it ended by itself in time.
    """
    graceful = True
    if is_alive(process):
        if not process.is_stopping:
            _ask_to_end(process)
        graceful = _wait_until(lambda: not session_of(process.pid), timeout_s)
    end_session(process.pid)
    _wait_until(lambda: not session_of(process.pid), STOP_TIMEOUT_S)
    _record_path(state, process.name).unlink(missing_ok=True)
    return graceful


def begin_to_stop(state: Path, process: Process) -> None:
    """Ask the process to end, once, and don't wait: many a program takes a second signal for an order to drop all.

    Where that cannot be noted, as on a full disk, the process is left to `stop`, which needs no disk.
    """
    if is_alive(process) and not process.is_stopping:
        try:
            _record(state, replace(process, is_stopping=True))
        except OSError:
            return
        _ask_to_end(process)


def _ask_to_end(process: Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(process.pid, process.stop_signal)


def end_session(leader: int) -> None:
    """Kill every process of the leader's session."""
    for stat in session_of(leader):
        with contextlib.suppress(ProcessLookupError):
            os.kill(stat.pid, signal.SIGKILL)


def end_modules(run: str) -> None:
    """End what has the run in its environment: modules that nobody listens to any more, and what they start.

    What `start` starts has an environment of its own.
    """
    for number in (signal.SIGTERM, signal.SIGKILL):
        for pid in _pids_of_run(run):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
        if _wait_until(lambda: not _pids_of_run(run), STOP_TIMEOUT_S):
            return


def _pids_of_run(run: str) -> list[int]:
    wanted = f"LAB_RUN={run}".encode()
    found = []
    for pid in all_pids():
        with contextlib.suppress(OSError):
            if pid != os.getpid() and wanted in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0"):
                found.append(pid)
    return found


def _wait_until(condition: Condition, timeout_s: float) -> bool:
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def tail(path: str, limit: int = 2000) -> str:
    """The end of a log, at most `limit` bytes."""
    try:
        with Path(path).open("rb") as log:
            log.seek(0, os.SEEK_END)
            log.seek(max(0, log.tell() - limit))
            return log.read().decode(errors="replace").strip()
    except OSError:
        return ""


if TYPE_CHECKING:
    from collections.abc import Callable

    Condition = Callable[[], bool]
