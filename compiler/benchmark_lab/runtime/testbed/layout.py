"""How many hosts of each role into their names, addresses and CPUs."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv4Network
from typing import Literal

from benchmark_lab.bundle import Part
from benchmark_lab.runtime.machine import CpuSets

NETWORK = IPv4Network("198.18.0.0/24")
"""Of the range that RFC 2544 sets apart for benchmarks: routed nowhere."""

GATEWAY = str(NETWORK[1])
BRIDGE = "lab-bridge"
MOST_HOSTS = 80
"""Of one role: three roles of that many have addresses in the network."""

Role = Literal["sut", "load", "db"]


class Host(Part):
    """One host: what it is called, where it answers, which CPUs it has."""

    name: str
    role: Role
    address: str
    cpus: tuple[int, ...]

    @property
    def namespace(self) -> str:
        """Name of its network namespace, and of the link that leads into it."""
        return f"lab-{self.name}"


def lay_out(counts: Mapping[Role, int], cpus: CpuSets) -> tuple[Host, ...]:
    """Name the hosts and give them addresses in turn; hosts of one role share the role's CPUs.

    The database's host gets the upstream's CPUs too, since the upstream runs there.
    """
    sets: dict[Role, tuple[int, ...]] = {
        "sut": cpus.sut,
        "load": cpus.load,
        "db": tuple(sorted({*cpus.db, *cpus.upstream})),
    }
    hosts: list[Host] = []
    for role, count in counts.items():
        for index in range(count):
            address = str(NETWORK[2 + len(hosts)])
            hosts.append(Host(name=f"{role}-{index}", role=role, address=address, cpus=sets[role]))
    return tuple(hosts)
