"""Gives a run a testbed of this machine as hosts: the testbed that is up, or a testbed that is made for the run."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmark_lab.hosts import ssh
from benchmark_lab.hosts.inventory import Inventory, InventoryHost, Lane, Login
from benchmark_lab.hosts.prepared import HostRequest, Hosts
from benchmark_lab.machine import folders
from benchmark_lab.machine.interrupts import Interrupts
from benchmark_lab.machine.progress import Progress
from benchmark_lab.machine.tools import ToolFailedError, Tools
from benchmark_lab.targets import Cost, Driver
from benchmark_lab.targets.testbed import lifecycle
from benchmark_lab.targets.testbed.layout import NETWORK, TestbedRole
from benchmark_lab.targets.testbed.needs import missing
from benchmark_lab.targets.testbed.status import TestbedStatus


def make_hosts(wanted: HostRequest, interrupts: Interrupts, say: Callable[[str], None]) -> Sequence[Hosts]:
    """Take the testbed that is up, which stays; or make a testbed, which goes after the run.

    Raises:
        ToolFailedError: if this machine cannot carry a testbed, or a former testbed was left unfinished.
        LockedError: if another run holds the testbed.
    """
    machine = lifecycle.Machine(wanted.tools, wanted.caller.environment, say, interrupts)
    found = lifecycle.status(machine)
    if found.state == "unfinished":
        raise ToolFailedError("the testbed was left unfinished", next_step="remove it with `lab testbed down`")
    if found.state == "up":
        say("The run uses the testbed that is up, and leaves it.")
        return ssh.make_hosts(wanted, listed(found))
    folders.new_state(wanted.state, wanted.mark)
    name = secrets.token_hex(4)
    (wanted.state / lifecycle.MADE).write_text(name, encoding="utf-8")
    try:
        say("Making a testbed for this run.")
        counts: dict[TestbedRole, int] = {"sut": 1, "load": wanted.hardware.load.count, "db": 1}
        shape = lifecycle.TestbedRequest(counts, wanted.bundle.experiment.lanes, wanted.hardware, NETWORK)
        made = lifecycle.up(machine, shape, name=name, now=datetime.now(UTC))
        return ssh.make_hosts(wanted, listed(made), remove=lambda: lifecycle.down(machine, name))
    except BaseException:
        with interrupts.shielded():
            lifecycle.down(machine, name)
            if wanted.state.exists():
                folders.remove_state(wanted.state)
        raise


def listed(status: TestbedStatus) -> Inventory:
    """Return the hosts of a testbed as an inventory."""
    first = status.hosts[0]
    login = Login(user=first.user, port=first.port, key=first.key_file, known_hosts=first.known_hosts_file)
    numbers = sorted({host.lane for host in status.hosts})
    return Inventory(ssh=login, lanes=tuple(_lane(status, number) for number in numbers))


def _lane(status: TestbedStatus, number: int) -> Lane:
    of_role = {
        role: tuple(
            InventoryHost(name=host.name, address=host.address)
            for host in status.hosts
            if host.role == role and host.lane == number
        )
        for role in ("sut", "load", "db")
    }
    return Lane(**of_role)


class Testbed:
    """The driver that makes hosts in namespaces of this machine, unless a testbed is up."""

    cost: Cost = "free"

    def needs(self, environment: Mapping[str, str]) -> list[str]:
        """Say what this machine lacks to carry hosts."""
        return missing(environment)

    def make_hosts(self, wanted: HostRequest, interrupts: Interrupts, progress: Progress) -> Sequence[Hosts]:
        """Take the testbed that is up, or make a testbed for the run."""
        return make_hosts(wanted, interrupts, progress.say)

    def remove_leftovers(
        self, state: Path, tools: Tools, environment: Mapping[str, str], say: Callable[[str], None]
    ) -> bool:
        """Remove the testbed that was made for a run, and no other testbed.

        Return False if no testbed was made for the run.
        """
        made = state / lifecycle.MADE
        if not made.exists():
            return False
        machine = lifecycle.Machine(tools, environment, say, Interrupts(say))
        lifecycle.down(machine, made.read_text(encoding="utf-8"))
        return True


DRIVER: Driver = Testbed()
