"""Where the time of a preparation went."""

from __future__ import annotations

from benchmark_lab.hosts.ansible import Event
from benchmark_lab.hosts.task_times import TaskTimes, bring_up


def test_each_hosts_share_of_a_task_counts_from_its_begin_and_the_slowest_are_named() -> None:
    times = TaskTimes()
    for kind, at_s, task, host in (
        ("task", 1.0, "install", ""),
        ("ok", 4.0, "install", "sut-0"),
        ("ok", 11.0, "install", "db-0"),
        ("task", 11.0, "unpack", ""),
        ("ok", 13.0, "unpack", "sut-0"),
        ("task", 13.0, "build", ""),
        ("ok", 13.5, "build", "sut-0"),
    ):
        times.take(Event(kind, at_s, task, "module", host, {}))
    assert bring_up([times]) == {
        "hosts": {"sut-0": 5.5, "db-0": 10.0},
        "slowest": [
            {"task": "install", "host": "db-0", "seconds": 10.0},
            {"task": "install", "host": "sut-0", "seconds": 3.0},
            {"task": "unpack", "host": "sut-0", "seconds": 2.0},
        ],
    }
