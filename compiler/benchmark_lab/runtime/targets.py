"""Chooses where a run's hosts come from: the only place that knows every kind of target."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from benchmark_lab.runtime import local_hosts, remote, rented_hosts, testbed_hosts
from benchmark_lab.runtime.hosts import Hosts, Wanted
from benchmark_lab.runtime.interrupts import Interrupts
from benchmark_lab.runtime.progress import Progress
from benchmark_lab.runtime.tools import ToolFailedError


def make_hosts(wanted: Wanted, interrupts: Interrupts, progress: Progress) -> Sequence[Hosts]:
    """The hosts of one hardware value, lane by lane, as the bundle's target has them; nothing runs on them yet.

    Args:
        wanted: what they are for.
        interrupts: shields what must not be cut short.
        progress: is told what happens.

    Raises:
        ToolFailedError: if there are no such hosts.
        LockedError: if somebody else has them.
        ResourcesRemainError: if some were made, and are still there.
    """
    experiment = wanted.bundle.experiment
    match experiment.hosts.source:
        case "machine":
            return [local_hosts.make_hosts(wanted, progress.say)]
        case "testbed":
            return testbed_hosts.make_hosts(wanted, interrupts, progress.say)
        case "inventory":
            if wanted.origin.inventory is None:
                raise ToolFailedError(
                    f"target `{experiment.target}` makes no hosts", next_step="list yours in a file: --inventory FILE"
                )
            return remote.make_hosts(wanted, wanted.origin.inventory)
        case "terraform":
            return rented_hosts.make_hosts(wanted, interrupts, progress)
        case _:
            assert_never(experiment.hosts.source)
