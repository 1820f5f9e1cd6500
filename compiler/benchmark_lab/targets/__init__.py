"""Chooses where a run's hosts come from: the only place that knows every kind of target."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from benchmark_lab.hosts import ssh
from benchmark_lab.hosts.prepared import Hosts, Wanted
from benchmark_lab.machine.interrupts import Interrupts
from benchmark_lab.machine.progress import Progress
from benchmark_lab.machine.tools import ToolFailedError
from benchmark_lab.targets import local
from benchmark_lab.targets.aws_ec2 import driver as rented_hosts
from benchmark_lab.targets.testbed import driver as testbed_hosts


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
            return [local.make_hosts(wanted, progress.say)]
        case "testbed":
            return testbed_hosts.make_hosts(wanted, interrupts, progress.say)
        case "inventory":
            if wanted.origin.inventory is None:
                raise ToolFailedError(
                    f"target `{experiment.target}` makes no hosts", next_step="list yours in a file: --inventory FILE"
                )
            return ssh.make_hosts(wanted, wanted.origin.inventory)
        case "terraform":
            return rented_hosts.make_hosts(wanted, interrupts, progress)
        case _:
            assert_never(experiment.hosts.source)
