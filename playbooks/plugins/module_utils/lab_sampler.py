"""CPU time, memory and processes of a server over time, sampled beside it and read back over a measured window."""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from ansible.module_utils.lab_processes import Process, cpu_time_s, is_alive, session_of

if TYPE_CHECKING:
    from collections.abc import Sequence

INTERVAL_S = 0.1
SCANS_EVERY = 10
"""Samples between two scans of /proc for processes that came or went; a scan costs 2 ms, a sample 20 µs."""
LONGEST_S = 6 * 3600
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class Sample:
    """CPU seconds by process (`pid:start`) and, where /proc was scanned, resident bytes, at a monotonic time."""

    at_s: float
    cpu_s: dict[str, float]
    rss_bytes: int | None


@dataclass(frozen=True)
class Window:
    """What the server used between two moments."""

    cpu_s: float
    cpu_s_by_process: dict[str, float]
    rss_peak_bytes: int
    processes_before: tuple[str, ...]
    processes_after: tuple[str, ...]


def samples_path(state: Path, name: str) -> Path:
    """Where the samples of the process of this name are."""
    return state / "samples" / f"{name}.jsonl"


def start_sampler(state: Path, process: Process, cpus: Sequence[int]) -> None:
    """Fork a process that samples until the server is gone.

    It outlives the calling module, in a session of its own, on `cpus`, so that it does not run on the server's CPUs.
    """
    path = samples_path(state, process.name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    if os.fork() > 0:
        return
    os.setsid()
    if os.fork() > 0:  # the sampler is then nobody's zombie
        os._exit(0)
    status = 1
    try:
        null = os.open(os.devnull, os.O_RDWR)
        for standard in range(3):
            os.dup2(null, standard)
        if cpus:
            os.sched_setaffinity(0, cpus)
        _sample_until_gone(path, process)
        status = 0
    finally:
        os._exit(status)


def _sample_until_gone(path: Path, process: Process) -> None:
    pids: dict[int, str] = {}
    deadline = time.monotonic() + LONGEST_S
    with path.open("w", buffering=1) as output:
        count = 0
        while time.monotonic() < deadline and is_alive(process):
            rss = None
            if count % SCANS_EVERY == 0:
                pids = {stat.pid: stat.key for stat in session_of(process.pid)}
                rss = sum(_rss_bytes(pid) for pid in pids)
            cpu = {key: used for pid, key in pids.items() if (used := cpu_time_s(pid)) is not None}
            output.write(json.dumps({"at_s": time.monotonic(), "cpu_s": cpu, "rss_bytes": rss}) + "\n")
            count += 1
            time.sleep(INTERVAL_S)


def _rss_bytes(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * _PAGE
    except OSError:
        return 0


def read_samples(path: Path) -> list[Sample]:
    """The samples so far; a last line that is still being written is left out."""
    try:
        text = path.read_text()
    except FileNotFoundError:
        return []
    return [Sample(**json.loads(line)) for line in text.splitlines(keepends=True) if line.endswith("\n")]


def observe(samples: Sequence[Sample], start_s: float, end_s: float, now: tuple[str, ...]) -> Window:
    """What was used from `start_s` to `end_s` on the clock of the samples.

    CPU time is that of all processes seen, each up to the last value known of it, interpolated at both ends.
    `now` are the living processes at the time of the call, which is after `end_s`.
    """
    points: dict[str, list[tuple[float, float]]] = {}
    for sample in samples:
        for key, used in sample.cpu_s.items():
            if key not in points:  # one that came later had used nothing before
                points[key] = [] if sample is samples[0] else [(sample.at_s, 0.0)]
            points[key].append((sample.at_s, used))
    by_process = {key: _value_at(line, end_s) - _value_at(line, start_s) for key, line in points.items()}
    before: tuple[str, ...] = ()
    for sample in samples:
        if sample.at_s <= start_s and sample.rss_bytes is not None:
            before = tuple(sample.cpu_s)
    inside = [s.rss_bytes for s in samples if s.rss_bytes is not None and start_s <= s.at_s <= end_s]
    return Window(
        cpu_s=sum(by_process.values()),
        cpu_s_by_process=by_process,
        rss_peak_bytes=max(inside, default=0),
        processes_before=before,
        processes_after=now,
    )


def _value_at(points: Sequence[tuple[float, float]], at: float) -> float:
    """Linear interpolation; constant beyond the ends."""
    if not points:
        return 0.0
    if at <= points[0][0]:
        return points[0][1]
    for (t0, v0), (t1, v1) in pairwise(points):
        if t0 <= at <= t1:
            return v0 + (v1 - v0) * (at - t0) / (t1 - t0) if t1 > t0 else v1
    return points[-1][1]
