"""Makes a testbed of Debian hosts in namespaces of this machine, looks at it, and removes it without a trace."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv4Network
from pathlib import Path

from benchmark_lab.bundle import Hardware
from benchmark_lab.hosts.cpus import available_cpus
from benchmark_lab.hosts.ssh.key import new_key
from benchmark_lab.machine import folders
from benchmark_lab.machine.interrupts import Interrupts
from benchmark_lab.machine.lock import LockedError
from benchmark_lab.machine.tools import Tools
from benchmark_lab.targets.testbed import host as hosts
from benchmark_lab.targets.testbed import network, rootfs
from benchmark_lab.targets.testbed.inventory import INVENTORY, KEY, KNOWN_HOSTS, inventory
from benchmark_lab.targets.testbed.layout import TestbedRole, lay_out, share_out_to_lanes
from benchmark_lab.targets.testbed.needs import require
from benchmark_lab.targets.testbed.packages import PackageSettings, find_settings
from benchmark_lab.targets.testbed.registry import MARK, Registry, carry_out, read_registry, save
from benchmark_lab.targets.testbed.removal import is_there, remove
from benchmark_lab.targets.testbed.status import TestbedStatus, status_of

MADE = "testbed"
"""Name of the file in a run's state that holds the name of the testbed which the run makes for itself.

`lab` needs the testbed's name, since by now there may be another testbed.
"""


@dataclass(frozen=True, slots=True)
class Machine:
    """The machine that carries the hosts, as a command finds the machine."""

    tools: Tools
    environment: Mapping[str, str]
    say: Callable[[str], None]
    interrupts: Interrupts

    @property
    def folder(self) -> Path:
        """Return the folder where the testbed keeps its keys, its hosts' disks and its registry."""
        return folders.state_root() / "testbed"

    @property
    def rootfs(self) -> Path:
        """Return the folder where the hosts' root file system is cached."""
        return rootfs.place(folders.cache_root(self.environment))


@dataclass(frozen=True, slots=True)
class TestbedRequest:
    """The hosts that a testbed is to have."""

    counts: Mapping[TestbedRole, int]
    """Number of hosts of each role in a lane."""
    lanes: int
    hardware: Hardware
    """Hardware value, which says how many CPUs each role asks for."""
    network: IPv4Network


def up(machine: Machine, wanted: TestbedRequest, *, name: str, now: datetime) -> TestbedStatus:
    """Make hosts and wait until the hosts answer; after a failure or an interrupt nothing of the hosts is left.

    Args:
        machine: the machine that is to carry the hosts.
        wanted: the hosts to make.
        name: the name of the testbed, which marks what is the testbed's own.
        now: the current time.

    Raises:
        LockedError: if there is a testbed already, or a testbed in the making.
        NoRoomError: if the network has too few addresses.
        ToolFailedError: if the machine lacks something or a command fails.
        ResourcesRemainError: if something could not be removed again.
    """
    require(machine.environment)
    with _held():
        folder = machine.folder
        if (former := read_registry(folder)) is not None:
            testbed = "a testbed" if former.complete else "an unfinished testbed"
            described = ", ".join(host.name for host in former.hosts)
            raise LockedError(
                f"this machine has {testbed} since {former.made_at}: {described}\n"
                "help: use it, or remove it with `lab testbed down`"
            )
        cpus = share_out_to_lanes(available_cpus(), wanted.hardware, wanted.lanes)
        laid_out = lay_out(wanted.counts, cpus, wanted.network)
        network.require_free(wanted.network, machine.tools)
        settings = find_settings(machine.tools, machine.environment)
        folder.mkdir(mode=0o700, exist_ok=True)
        registry = Registry(id=name, made_at=now.isoformat(), network=wanted.network, hosts=laid_out)
        try:
            return _make(machine, save(registry, folder), settings)
        except BaseException:
            _remove(machine)
            raise


def _make(machine: Machine, registry: Registry, settings: PackageSettings) -> TestbedStatus:
    tools, folder, mark = machine.tools, machine.folder, {MARK: registry.id}
    if not machine.rootfs.exists():
        machine.say("Making the root file system of all hosts with debootstrap: once, for a minute or two.")
        registry = carry_out([rootfs.partial(machine.rootfs)], registry, folder, tools)
        environment = {**machine.environment, **mark}
        rootfs.make(machine.rootfs, settings.mirror, environment, folder / "debootstrap.log", tools)
    steps = network.steps(registry.hosts, registry.network, network.uplink_mtu(tools), registry.id)
    registry = carry_out(steps, registry, folder, tools)
    authorized = new_key(folder / KEY, f"benchmark-lab testbed {registry.id}", tools)
    known = ""
    for host in registry.hosts:
        known += hosts.prepare(
            host, folder / host.name, hosts=registry.hosts, authorized=authorized, settings=settings, tools=tools
        )
        hosts.start(host, machine.rootfs, folder / host.name, mark, tools)
    (folder / KNOWN_HOSTS).write_text(known, encoding="utf-8")
    (folder / INVENTORY).write_text(inventory(registry.hosts, folder), encoding="utf-8")
    for host in registry.hosts:
        hosts.wait_until_answering(host, folder / host.name)
    registry = save(registry.model_copy(update={"complete": True}), folder)
    return status_of(registry, folder, tools)


def down(machine: Machine, name: str | None = None) -> bool:
    """Remove the testbed, or what a killed `up` or `down` left of the testbed.

    Return True if there was a testbed, or the rest of one.

    Args:
        machine: the machine that carries the testbed.
        name: the name of the only testbed to remove; None removes any testbed.

    Raises:
        LockedError: if another `lab testbed` is at work.
        ResourcesRemainError: if something is still there; the text says what is there, and how to remove it.
    """
    require(machine.environment)
    with _held():
        if not is_there(machine.folder, name):
            return False
        _remove(machine)
        return True


def status(machine: Machine) -> TestbedStatus:
    """Look at the testbed, and return its status."""
    require(machine.environment)
    return status_of(read_registry(machine.folder), machine.folder, machine.tools)


def _remove(machine: Machine) -> None:
    with machine.interrupts.shielded():
        remove(machine.folder, machine.tools, machine.say)


@contextmanager
def _held() -> Iterator[None]:
    """Hold the lock: only one `lab testbed` changes the machine at a time.

    A folder holds the lock, so that no file is left.
    """
    root = folders.state_root()
    root.mkdir(mode=0o711, exist_ok=True)
    descriptor = os.open(root, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise LockedError("another `lab testbed` is at work on this machine") from error
        yield
    finally:
        os.close(descriptor)
