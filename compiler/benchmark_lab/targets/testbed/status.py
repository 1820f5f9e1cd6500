"""Describes a testbed as others see the testbed: its hosts, where the hosts answer, and how to log in."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from benchmark_lab.bundle import Part, StoredFile
from benchmark_lab.machine.tools import Tools
from benchmark_lab.targets.testbed import host as hosts
from benchmark_lab.targets.testbed.inventory import INVENTORY, KEY, KNOWN_HOSTS, USER
from benchmark_lab.targets.testbed.layout import Host, TestbedRole
from benchmark_lab.targets.testbed.registry import Registry


class HostStatus(Part):
    """One host as an inventory describes the host, and how the host is."""

    name: str
    role: TestbedRole
    lane: int
    address: str
    port: int
    user: str
    key_file: str
    known_hosts_file: str
    cpus: tuple[int, ...]
    namespace: str
    init_pid: int | None
    """The machine's id of the host's process 1; None while the host is not running."""
    answers: bool
    """True if the host's SSH server greets."""


class TestbedStatus(StoredFile):
    """Status of a testbed; the state `unfinished` means that the making of the testbed was cut short."""

    state: Literal["down", "unfinished", "up"]
    id: str | None = None
    made_at: str | None = None
    inventory_file: str | None = None
    """Path of the inventory for the target `ssh`; None unless the testbed is up."""
    hosts: tuple[HostStatus, ...] = ()


def status_of(registry: Registry | None, folder: Path, tools: Tools) -> TestbedStatus:
    """Look at every host of a testbed, and return the testbed's status."""
    if registry is None:
        return TestbedStatus(state="down")
    return TestbedStatus(
        state="up" if registry.complete else "unfinished",
        id=registry.id,
        made_at=registry.made_at,
        inventory_file=str(folder / INVENTORY) if registry.complete else None,
        hosts=tuple(_host(host, folder, tools) for host in registry.hosts),
    )


def _host(host: Host, folder: Path, tools: Tools) -> HostStatus:
    return HostStatus(
        name=host.name,
        role=host.role,
        lane=host.lane,
        address=host.address,
        port=hosts.PORT,
        user=USER,
        key_file=str(folder / KEY),
        known_hosts_file=str(folder / KNOWN_HOSTS),
        cpus=host.cpus,
        namespace=host.namespace,
        init_pid=hosts.init_pid(host, tools),
        answers=hosts.answers(host),
    )
