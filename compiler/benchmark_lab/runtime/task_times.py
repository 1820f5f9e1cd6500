"""A playbook's events into the time that each task took on each host."""

from __future__ import annotations

from dataclasses import dataclass, field

from benchmark_lab.run import TaskTime
from benchmark_lab.runtime.ansible import Event

SLOWEST = 3


@dataclass(slots=True)
class TaskTimes:
    """Takes events as they come."""

    _began_s: float = 0.0
    _times: list[TaskTime] = field(default_factory=list)

    def take(self, event: Event) -> None:
        """A task that begins, or a host's result of it."""
        if event.kind == "task":
            self._began_s = event.monotonic_s
        elif event.host:
            self._times.append(TaskTime(task=event.task, host=event.host, seconds=event.monotonic_s - self._began_s))

    def slowest(self) -> tuple[TaskTime, ...]:
        """The tasks that took longest."""
        return tuple(sorted(self._times, key=lambda time: time.seconds, reverse=True)[:SLOWEST])

    def by_host(self) -> dict[str, float]:
        """What each host's tasks took together."""
        found: dict[str, float] = {}
        for time in self._times:
            found[time.host] = found.get(time.host, 0.0) + time.seconds
        return found
