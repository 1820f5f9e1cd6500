"""Turns a playbook's events into the time that each task took on each host."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from benchmark_lab.hosts.ansible import Event
from benchmark_lab.records import TaskTime

SLOWEST = 3


@dataclass(slots=True)
class TaskTimes:
    """The times of tasks, taken from events as the events come."""

    _began_s: float = 0.0
    _times: list[TaskTime] = field(default_factory=list)

    def take(self, event: Event) -> None:
        """Take an event: a task that begins, or a host's result of the task."""
        if event.kind == "task":
            self._began_s = event.monotonic_s
        elif event.host:
            self._times.append(TaskTime(task=event.task, host=event.host, seconds=event.monotonic_s - self._began_s))

    @property
    def all(self) -> tuple[TaskTime, ...]:
        """Return the times of all tasks so far."""
        return tuple(self._times)


def bring_up(lanes: Iterable[TaskTimes]) -> dict[str, object]:
    """Return what the preparation of all lanes took: each host's seconds, and the tasks that took longest."""
    times = [time for lane in lanes for time in lane.all]
    hosts: dict[str, float] = {}
    for time in times:
        hosts[time.host] = hosts.get(time.host, 0.0) + time.seconds
    slowest = sorted(times, key=lambda time: time.seconds, reverse=True)[:SLOWEST]
    return {"hosts": hosts, "slowest": [time.model_dump() for time in slowest]}
