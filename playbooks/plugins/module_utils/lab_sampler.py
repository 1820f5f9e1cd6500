"""CPU time, memory and processes of a server over time, sampled beside it and read back over a measured window."""

from __future__ import annotations

import json
import os
import time
from bisect import bisect_right
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ansible.module_utils.lab_counters import Counters, happened
from ansible.module_utils.lab_processes import Family, Process, cpu_time_s, end_session, open_files, stat_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ansible.module_utils.lab_processes import Stat

INTERVAL_S = 0.1
SCANS_EVERY = 2
"""Samples between two scans of /proc for processes that came or went, and of the memory of those that are there.

One lies between warm-up and window, which are 0.2 s apart at least: a worker that ends in the warm-up is none that the
window lost.
"""
QUESTIONS_EVERY = 5
"""Samples between two questions to what is sampled, where it can be asked."""
MARGIN_S = 3.0
"""How far before a window its samples are read: there is a scan and an answer in it."""
_CHUNK = 1 << 16
_PAGE = os.sysconf("SC_PAGE_SIZE")


class Sample(NamedTuple):
    """What was seen at a monotonic time; what was not looked at is empty or None."""

    at_s: float
    cpu_s: float
    """CPU time of the process and its family, those that ended included."""
    processes: dict[str, float] = {}
    """CPU time of each (`pid:start`) that lives."""
    rss_bytes: int | None = None
    """Where /proc was scanned."""
    host: Sequence[float] | None = None
    """The host's counters."""
    answer: Sequence[float] | None = None
    """What the server told of itself."""
    ended: str = ""
    """Why the sampler ended the server."""


@dataclass(frozen=True)
class Sampling:
    """What is looked at beyond the CPU time of the whole."""

    cpus: Sequence[int] = ()
    """Where the sampler runs; not the CPUs of what it samples, if there are others."""
    each: bool = False
    """Whether the CPU time of each process is kept too."""
    host: bool = False
    """Whether the counters of the host, and of the server's CPU set, are too."""
    ask: Callable[[], Sequence[float] | None] | None = None
    """Asks the server for counters of its own."""
    memory_bytes: int | None = None
    """What the server may use: beyond it the sampler ends the server, before its host suffers."""


@dataclass(frozen=True)
class Window:
    """What the server used, and its host counted, between two moments."""

    cpu_s: float
    cpu_s_by_process: dict[str, float]
    rss_peak_bytes: int
    processes_before: tuple[str, ...]
    host: dict[str, float]
    ended: str
    """Why the sampler ended the server; empty if it did not."""


def samples_path(state: Path, name: str) -> Path:
    """Where the samples of the process of this name are."""
    return state / "samples" / f"{name}.jsonl"


def start_sampler(state: Path, process: Process, sampling: Sampling) -> None:
    """Fork a process that samples until the server is gone.

    It outlives the calling module, in a session of its own.
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
        os.closerange(
            3, open_files()
        )  # a connection of the calling module would stay open as long as the sampler lives
        if sampling.cpus:
            os.sched_setaffinity(0, sampling.cpus)
        _sample_until_gone(path, process, sampling)
        status = 0
    finally:
        os._exit(status)


def _sample_until_gone(path: Path, process: Process, sampling: Sampling) -> None:
    pids: dict[int, str] = {}
    family = Family(process.pid)
    counters = Counters(process.cpus) if sampling.host else None
    with path.open("w", buffering=1) as output:
        count = 0
        while leader := stat_of(process):
            rss = None
            if count % SCANS_EVERY == 0:
                pids = {stat.pid: stat.key for stat in family.living()}
                rss = sum(_rss_bytes(pid) for pid in pids)
            asked = sampling.ask and count % QUESTIONS_EVERY == 0
            sample = _taken(leader, pids, sampling, counters, sampling.ask() if sampling.ask and asked else None)
            ended = _too_much(rss, sampling.memory_bytes)
            output.write(json.dumps(sample._replace(rss_bytes=rss, ended=ended)) + "\n")
            if ended:
                end_session(process.pid)
            count += 1
            time.sleep(INTERVAL_S)


def _taken(
    leader: Stat,
    pids: Mapping[int, str],
    sampling: Sampling,
    counters: Counters | None,
    answer: Sequence[float] | None,
) -> Sample:
    """A sample of now, of processes that are known."""
    cpu = {key: used for pid, key in pids.items() if (used := cpu_time_s(pid)) is not None}
    return Sample(
        at_s=time.monotonic(),
        cpu_s=sum(cpu.values()) + leader.reaped_s,
        processes=cpu if sampling.each else {},
        host=counters.read() if counters else None,
        answer=answer,
    )


def sample_now(process: Process, sampling: Sampling) -> Sample | None:
    """Take a sample, whether or not a sampler does, without the memory; None if the process is gone."""
    if (leader := stat_of(process)) is None:
        return None
    pids = {stat.pid: stat.key for stat in Family(process.pid).living()}
    counters = Counters(process.cpus) if sampling.host else None
    try:
        return _taken(leader, pids, sampling, counters, sampling.ask() if sampling.ask else None)
    finally:
        if counters:
            counters.close()


def _too_much(rss_bytes: int | None, limit_bytes: int | None) -> str:
    if rss_bytes is None or limit_bytes is None or rss_bytes <= limit_bytes:
        return ""
    used, most = (round(size / 2**20) for size in (rss_bytes, limit_bytes))
    return f"it used {used:,} MiB of memory, more than the {most:,} MiB that it may, and was ended"


def _rss_bytes(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * _PAGE
    except OSError:
        return 0


def read_samples(path: Path, since_s: float = 0.0) -> list[Sample]:
    """The samples so far, at least those since a moment; a last line that is still being written is left out."""
    try:
        with path.open("rb") as file:
            end = file.seek(0, os.SEEK_END)
            begin = end
            samples: list[Sample] = []
            while begin > 0 and not (samples and samples[0].at_s < since_s):
                begin = max(0, end - max(_CHUNK, 4 * (end - begin)))
                file.seek(begin)
                lines = file.read(end - begin).splitlines(keepends=True)[1 if begin else 0 :]
                samples = [Sample(*json.loads(line)) for line in lines if line.endswith(b"\n")]
    except FileNotFoundError:
        return []
    return samples


def samples_around(state: Path, process: Process, start_s: float, sampling: Sampling) -> list[Sample]:
    """The sampler's samples of a window that has just ended and of some time before it, and one taken now.

    So nobody waits for the sampler, which may be between two samples, or between two answers of what it samples.
    """
    samples = read_samples(samples_path(state, process.name), start_s - MARGIN_S)
    now = sample_now(process, sampling)
    return [*samples, now] if now else samples


def observe(samples: Sequence[Sample], start_s: float, end_s: float) -> Window:
    """What was used from `start_s` to `end_s` on the clock of the samples, interpolated at both ends."""
    used: list[Point] = [(sample.at_s, (sample.cpu_s,)) for sample in samples]
    by_process: dict[str, list[Point]] = {}
    for sample in samples:
        for key, cpu_s in sample.processes.items():
            if key not in by_process:  # one that came later had used nothing before
                by_process[key] = [] if sample is samples[0] else [(sample.at_s, (0.0,))]
            by_process[key].append((sample.at_s, (cpu_s,)))
    scans = [sample for sample in samples if sample.rss_bytes is not None]
    before = [sample for sample in scans if sample.at_s <= start_s]
    host: list[Point] = [(sample.at_s, sample.host) for sample in samples if sample.host is not None]
    return Window(
        cpu_s=max(0.0, sum(grown(used, start_s, end_s))),
        cpu_s_by_process={key: sum(grown(points, start_s, end_s)) for key, points in by_process.items()},
        rss_peak_bytes=max((s.rss_bytes or 0 for s in scans if start_s <= s.at_s <= end_s), default=0),
        processes_before=tuple(before[-1].processes) if before else (),
        host=happened(value_at(host, start_s), value_at(host, end_s)) if host else {},
        ended=next((sample.ended for sample in samples if sample.ended), ""),
    )


Point = tuple[float, "Sequence[float]"]
"""Counters at a time."""


def grown(points: Sequence[Point], start_s: float, end_s: float) -> list[float]:
    """How much each of the counters grew from `start_s` to `end_s`; nothing without points."""
    if not points:
        return []
    before, after = value_at(points, start_s), value_at(points, end_s)
    return [end - begin for begin, end in zip(before, after, strict=True)]


def value_at(points: Sequence[Point], at_s: float) -> Sequence[float]:
    """Linear interpolation of each counter; constant beyond the ends."""
    after = bisect_right(points, at_s, key=lambda point: point[0])
    if after in {0, len(points)}:
        return points[max(0, after - 1)][1]
    (t0, before), (t1, later) = points[after - 1], points[after]
    return [v0 + (v1 - v0) * (at_s - t0) / (t1 - t0) for v0, v1 in zip(before, later, strict=True)]
