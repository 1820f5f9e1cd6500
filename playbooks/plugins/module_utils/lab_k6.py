"""A k6 process: started, followed second by second over its window, and read out when it ends."""

from __future__ import annotations

import http.client
import json
import os
import select
import signal
import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ansible.module_utils.lab_processes import cpu_time_s, die_with_parent, free_port, limit_open_files, tail
from ansible.module_utils.lab_series import Follower, Progress, series

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

GRACE_S = 80.0
"""How much longer than its configured duration a k6 process may take: its request timeout of 60 s, and its ends."""

COUNTS = ("requests", "failed_requests", "failures", "successes", "iterations", "dropped_iterations")
"""What the summary and the record call by the same name."""

WAITING = 4
"""k6's own number for having everything ready, but being paused before it begins."""
LOOK_EVERY_S = 0.02
API_TIMEOUT_S = 0.5

LOG_LIMIT = 4000
"""Bytes that are kept of what k6 wrote to standard error."""


@dataclass(frozen=True)
class Generator:
    """How k6 is run on this host, whatever it is to do."""

    program: str
    script: str
    env: Mapping[str, object]
    cpus: Sequence[int]
    """Its CPU set; empty: every CPU."""
    folder: Path
    segment: int = 0
    """Which part of the load it does, counted from 0, of as many equal parts as there are `segments`."""
    segments: int = 1
    share_of_memory: float = 1.0
    """Of the machine's: where other k6 processes run on it, they have theirs."""


@dataclass
class Running:
    """One k6 process."""

    child: subprocess.Popen[bytes]
    output: Path
    errors: Path
    port: int
    """Of its API, on loopback."""
    began_s: float
    connect_s: float | None = None
    """How long it opens connections before its window, where it has one."""
    follower: Follower | None = None
    """Of its window."""
    used_before_s: float = 0.0
    """CPU time that it had used when it began."""
    window: tuple[float, float] | None = None
    """When its window was seen to begin, and the CPU time that it had used by then."""
    ended_s: float = 0.0
    cpu_s: float = 0.0
    problem: str | None = None

    def get_ready(self) -> None:
        """Wait until k6 has everything ready and would begin; one that has ended is not waited for."""
        self._until(lambda: self._ask("GET").get("status") == WAITING, "k6 did not get ready in time")

    def begin(self) -> None:
        """Let k6 go as soon as it is ready."""
        self.get_ready()
        self.used_before_s = cpu_time_s(self.child.pid) or 0.0
        go = {"data": {"type": "status", "id": "default", "attributes": {"paused": False}}}
        self._until(lambda: self._ask("PATCH", go).get("paused") is False, "k6 did not begin")
        self.began_s = time.monotonic()
        if self.connect_s is not None:
            self.follower = Follower(self.port, self.connect_s)

    def _until(self, is_so: Callable[[], bool], problem: str) -> None:
        """Wait for something, or k6's end; where neither comes in time, that is the problem."""
        deadline_s = time.monotonic() + GRACE_S
        while not self._has_ended() and not is_so():
            if time.monotonic() > deadline_s:
                self.problem = problem
                self.child.kill()
                break
            time.sleep(LOOK_EVERY_S)

    def _ask(self, method: str, body: object = None) -> dict[str, Any]:
        """k6's status, which a body changes; empty while it does not listen."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=API_TIMEOUT_S)
        try:
            connection.request(method, "/v1/status", json.dumps(body))
            attributes: dict[str, Any] = json.loads(connection.getresponse().read())["data"]["attributes"]
        except (OSError, http.client.HTTPException, ValueError, KeyError):
            return {}
        finally:
            connection.close()
        return attributes

    def end_now(self) -> None:
        """Kill it, if nobody has waited for its end."""
        if self.child.returncode is None:
            self.child.kill()
            self.child.wait()

    def _has_ended(self) -> bool:
        """True if it has ended; what it used can still be asked for."""
        return os.waitid(os.P_PID, self.child.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def launch(generator: Generator, part: str, options: Mapping[str, object], connect_s: float | None = None) -> Running:
    """Start k6, which gets ready, waits to be let go, and dies with this process.

    Args:
        generator: how k6 is run.
        part: what this is a part of a trial, such as `measure`; k6 sees it as PART=measure-<segment>.
        options: k6's options.
        connect_s: how long k6 opens connections before the window, where this is one: then it gets a series.
    """
    folder = generator.folder / "k6"
    folder.mkdir(exist_ok=True)
    (folder / f"{part}.json").write_text(json.dumps(options))
    port = free_port("127.0.0.1")
    env = {
        **generator.env,
        "GOGC": "off",
        "GOMAXPROCS": len(generator.cpus) or os.cpu_count(),
        "GOMEMLIMIT": memory_limit(generator.share_of_memory),
        "HOME": generator.folder,
        "K6_NO_USAGE_REPORT": "true",
        "PART": f"{part}-{generator.segment}",
    }

    parent = os.getpid()

    def enter() -> None:
        die_with_parent(parent)
        limit_open_files()
        if generator.cpus:
            os.sched_setaffinity(0, generator.cpus)

    argv = [generator.program, "run", "--quiet", "--no-thresholds", "--no-color", "--paused"]
    argv += [f"--address=127.0.0.1:{port}", f"--config={folder / part}.json"]
    argv += [*segment(generator.segment, generator.segments), generator.script]
    output, errors = folder / f"{part}.out", folder / f"{part}.err"
    began_s = time.monotonic()
    with output.open("wb") as stdout, errors.open("wb") as stderr:
        child = subprocess.Popen(  # noqa: S603  a fixed program with the plan's arguments
            argv,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            env={key: str(value) for key, value in env.items()},
            start_new_session=True,
            preexec_fn=enter,  # noqa: PLW1509  the module has one thread
        )
    return Running(child, output, errors, port, began_s, connect_s)


def finish(running: Running, duration_s: float, on_window: Callable[[], None] = lambda: None) -> dict[str, Any]:
    """Wait for the end of a k6 that has begun: its own CPU time and the figures of its summary.

    Args:
        running: k6.
        duration_s: how long its options let it load the server.
        on_window: called when the window has begun.
    """
    wait(running, time.monotonic() + (running.connect_s or 0.0) + duration_s + GRACE_S, on_window)
    return read_out(running)


def memory_limit(share: float) -> int:
    """Bytes up to which k6 collects no garbage: each collection would halve its speed for a tenth of a second.

    A quarter of the machine's memory, or of its share where several processes of k6 are on one machine.
    """
    return int(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") * share / 4)


def segment(number: int, segments: int) -> list[str]:
    """k6's arguments for the n-th of several equal parts of a load."""
    if segments == 1:
        return []
    ends = ["0", *(f"{end}/{segments}" for end in range(1, segments)), "1"]
    return [f"--execution-segment={ends[number]}:{ends[number + 1]}", f"--execution-segment-sequence={','.join(ends)}"]


def wait(running: Running, deadline_s: float, on_window: Callable[[], None]) -> None:
    """Wait for the process's end, following it meanwhile; if it is not done by the deadline it is killed."""
    descriptor = os.pidfd_open(running.child.pid)
    poller = select.poll()
    poller.register(descriptor, select.POLLIN)
    follower = running.follower
    while not poller.poll(max(0.0, (follower.due_s if follower else deadline_s) - time.monotonic()) * 1000):
        if time.monotonic() > deadline_s:
            running.problem = "k6 did not end in time"
            running.child.kill()
            break
        if follower:
            follower.ask()
            if running.window is None and follower.in_window:
                running.window = time.monotonic(), cpu_time_s(running.child.pid) or 0.0
                on_window()
    os.close(descriptor)
    end(running)


def end(process: Running) -> None:
    """Note when and how a process ended, and what it used."""
    process.ended_s = time.monotonic()
    _, status, usage = os.wait4(process.child.pid, 0)
    process.child.returncode = os.waitstatus_to_exitcode(status)
    process.cpu_s = usage.ru_utime + usage.ru_stime
    process.problem = process.problem or describe_exit(process.child.returncode)
    if process.follower:
        process.follower.close()


def describe_exit(code: int) -> str | None:
    """Why k6's exit status means that its figures don't count; None if they do."""
    if code == 0:
        return None
    if code < 0:
        return f"k6 was ended by signal {-code} ({signal.Signals(-code).name})"
    return f"k6 ended with status {code}"


def read_out(process: Running) -> dict[str, Any]:
    """What an ended process reported and used, by the names of the record; its window begins after the connecting."""
    connect_s = process.connect_s or 0.0
    summary, parse_problem = read_summary(process.output)
    messages = tail(str(process.errors), LOG_LIMIT)
    problem = process.problem or parse_problem
    began_s = process.began_s
    if began_at_ms := summary.get("began_at_ms"):
        began_s = began_at_ms / 1000 - time.time() + time.monotonic() + connect_s
    counted_from_s, used_before_s = process.window or (process.began_s, process.used_before_s)
    return {
        **(figures(summary, connect_s) if summary else {}),
        **(follow_up(process.follower, summary, connect_s) if process.follower and summary else {}),
        "problem": f"{problem}: {messages[-500:]}" if problem and messages else problem,
        "cpu_s": process.cpu_s - used_before_s,
        "start_s": began_s,
        "end_s": process.ended_s,
        "wall_s": process.ended_s - counted_from_s,
        "messages": messages,
    }


def figures(summary: Mapping[str, Any], connect_s: float) -> dict[str, Any]:
    """The summary by the names of the record."""
    latency = summary["latency_ms"]
    return {
        "window_taken_s": summary["duration_s"] - connect_s,
        **{name: summary[name] for name in COUNTS},
        "lags": summary["lags"],
        "lag_p99_ms": summary["lag_p99_ms"],
        "latency_quantiles_ms": latency["quantiles"],
        "latency_tail_ms": latency["tail"],
        "latency_mean_ms": latency["mean"],
    }


def follow_up(follower: Follower, summary: Mapping[str, Any], connect_s: float) -> dict[str, object]:
    """The series of a window whose summary is known; what k6 counted before it were the connections."""
    counted = summary["series"]
    last = Progress(summary["duration_s"] - connect_s, summary["requests"], counted["answers"], counted["latency_ms"])
    seen = [seen._replace(requests=seen.requests - summary["connections"]) for seen in follower.seen]
    found: dict[str, object] = series(seen, last)
    return found


def read_summary(output: Path) -> tuple[dict[str, Any], str | None]:
    """What the scenario's handleSummary printed, or why there is nothing."""
    try:
        summary = json.loads(output.read_bytes())
        missing = {*COUNTS, "duration_s", "connections", "lags", "lag_p99_ms", "latency_ms", "series"} - summary.keys()
    except (ValueError, AttributeError) as error:
        return {}, f"k6 printed no summary ({type(error).__name__}: {error})"
    return ({}, f"k6's summary lacks {', '.join(sorted(missing))}") if missing else (summary, None)
