"""The k6 processes of one load: started together, followed second by second, and read out when they end."""

from __future__ import annotations

import json
import math
import os
import select
import signal
import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ansible.module_utils.lab_processes import die_with_parent, free_port, tail
from ansible.module_utils.lab_series import Follower, Progress, series

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

GRACE_S = 80.0
"""How much longer than its configured duration a k6 process may take: its request timeout of 60 s, and its ends."""

LOG_LIMIT = 4000
"""Bytes that are kept of what k6 wrote to standard error."""


@dataclass(frozen=True)
class Generator:
    """How k6 is run on this host, whatever it is to do."""

    program: str
    script: str
    env: Mapping[str, object]
    cpus: Sequence[int]
    """The CPU set of all its processes; empty: every CPU."""
    processes: int
    """Each does its part of the load: the n-th of as many execution segments."""
    folder: Path


@dataclass
class Running:
    """One k6 process."""

    child: subprocess.Popen[bytes]
    output: Path
    errors: Path
    began_s: float
    follower: Follower | None
    ended_s: float = 0.0
    cpu_s: float = 0.0
    problem: str | None = None


def run(
    generator: Generator, part: str, options: Mapping[str, object], duration_s: float, *, follow: bool
) -> list[dict[str, Any]]:
    """Run the load's k6 processes from start to end: of each its own CPU time and the figures of its summary.

    Args:
        generator: how k6 is run.
        part: what this is a part of a trial, such as `measure`; the n-th process sees it as PART=measure-n.
        options: k6's options.
        duration_s: how long they let k6 run.
        follow: whether to take a series of the window.
    """
    folder = generator.folder / "k6"
    folder.mkdir(exist_ok=True)
    (folder / f"{part}.json").write_text(json.dumps(options))
    running = [launch(generator, part, number, follow=follow) for number in range(generator.processes)]
    wait_for_all(running, time.monotonic() + duration_s + GRACE_S)
    return [read_out(process) for process in running]


def launch(generator: Generator, part: str, number: int, *, follow: bool) -> Running:
    """Start one of the processes, which dies with this one."""
    follower = Follower(free_port("127.0.0.1")) if follow else None
    address = f"127.0.0.1:{follower.port}" if follower else ""
    cpus = len(generator.cpus) or os.cpu_count() or 1
    env = {
        **generator.env,
        "GOGC": "400",
        "GOMAXPROCS": math.ceil(cpus / generator.processes),
        "HOME": generator.folder,
        "K6_NO_USAGE_REPORT": "true",
        "PART": f"{part}-{number}",
    }

    def enter() -> None:
        die_with_parent()
        if generator.cpus:
            os.sched_setaffinity(0, generator.cpus)

    folder = generator.folder / "k6"
    argv = [generator.program, "run", "--quiet", "--no-thresholds", "--no-color", f"--address={address}"]
    argv += [f"--config={folder / part}.json", *segment(number, generator.processes), generator.script]
    output, errors = folder / f"{part}-{number}.out", folder / f"{part}-{number}.err"
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
    return Running(child, output, errors, began_s, follower)


def segment(number: int, processes: int) -> list[str]:
    """k6's arguments for the n-th of several equal parts of a load."""
    if processes == 1:
        return []
    ends = ["0", *(f"{end}/{processes}" for end in range(1, processes)), "1"]
    return [f"--execution-segment={ends[number]}:{ends[number + 1]}", f"--execution-segment-sequence={','.join(ends)}"]


def wait_for_all(running: Sequence[Running], deadline_s: float) -> None:
    """Wait for every process's end, following them meanwhile; what is not done by the deadline is killed."""
    poller = select.poll()
    living = {os.pidfd_open(process.child.pid): process for process in running}
    for descriptor in living:
        poller.register(descriptor, select.POLLIN)
    while living:
        due_s = min([deadline_s, *(process.follower.due_s for process in living.values() if process.follower)])
        for descriptor, _ in poller.poll(max(0.0, due_s - time.monotonic()) * 1000):
            poller.unregister(descriptor)
            os.close(descriptor)
            end(living.pop(descriptor))
        for process in living.values():
            if time.monotonic() > deadline_s:
                process.problem = "k6 did not end in time"
                process.child.kill()
            elif process.follower and process.follower.due_s <= time.monotonic():
                process.follower.ask()


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
    """What an ended process reported and used, by the names of the record."""
    figures, parse_problem = read_summary(process.output)
    messages = tail(str(process.errors), LOG_LIMIT)
    problem = process.problem or parse_problem
    return {
        **figures,
        **(follow_up(process.follower, figures) if process.follower and figures else {}),
        "problem": f"{problem}: {messages[-500:]}" if problem and messages else problem,
        "cpu_s": process.cpu_s,
        "start_s": process.began_s,
        "end_s": process.ended_s,
        "wall_s": process.ended_s - process.began_s,
        "messages": messages,
    }


def follow_up(follower: Follower, figures: Mapping[str, Any]) -> dict[str, object]:
    """The series of a window whose summary is known."""
    answers = figures["requests"] - figures["failed_requests"]
    last = Progress(figures["window_s"], figures["requests"], answers, figures["latency_mean_ms"] * answers)
    found: dict[str, object] = series(follower.seen, last)
    return found


def read_summary(output: Path) -> tuple[dict[str, Any], str | None]:
    """The figures that the scenario's handleSummary printed, by the names of the record, or why there are none."""
    try:
        summary = json.loads(output.read_bytes())
        latency = summary.pop("latency_ms")
        return {
            **summary,
            "latency_quantiles_ms": latency["quantiles"],
            "latency_tail_ms": latency["tail"],
            "latency_mean_ms": latency["mean"],
        }, None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        return {}, f"k6 printed no summary ({type(error).__name__}: {error})"
