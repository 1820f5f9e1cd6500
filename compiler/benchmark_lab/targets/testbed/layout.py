"""Turns the number of hosts of each role and the number of lanes into names, addresses and CPUs of hosts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from ipaddress import IPv4Address, IPv4Network
from itertools import islice
from typing import Literal

from benchmark_lab.bundle import Hardware, Part
from benchmark_lab.diagnostics import LabError
from benchmark_lab.hosts.cpus import CpuSets, share_out

RANGE = IPv4Network("198.18.0.0/15")
"""Addresses that RFC 2544 sets apart for benchmarks, and that are routed nowhere."""

NETWORK = IPv4Network("198.18.0.0/24")
BRIDGE = "lab-bridge"

TestbedRole = Literal["sut", "load", "db"]


class NoRoomError(LabError):
    """The network has fewer addresses than there are hosts."""

    exit_code = 2


class Host(Part):
    """One host of a testbed: its name, role, lane, address and CPUs."""

    name: str
    role: TestbedRole
    lane: int
    address: str
    cpus: tuple[int, ...]

    @property
    def namespace(self) -> str:
        """Return the name of the host's network namespace, and of the link that leads into the namespace."""
        return f"lab-{self.name}"


def gateway(network: IPv4Network) -> IPv4Address:
    """Return the machine's own address in the network: the hosts' way out of the network."""
    return network[1]


def share_out_to_lanes(available: tuple[int, ...], hardware: Hardware, lanes: int) -> tuple[CpuSets, ...]:
    """Give each lane CPUs of its own if the machine has enough CPUs; otherwise give all lanes the same CPUs."""
    own = len(available) // lanes
    if own < (hardware.sut.cpus or 1) + (hardware.load.cpus or 1):
        return (share_out(available, hardware),) * lanes
    return tuple(share_out(available[lane * own :][:own], hardware) for lane in range(lanes))


def lay_out(counts: Mapping[TestbedRole, int], lanes: Sequence[CpuSets], network: IPv4Network) -> tuple[Host, ...]:
    """Name the hosts, lane by lane, and give the hosts addresses in turn; a name stands once on the whole testbed.

    Hosts of one role and lane share the role's CPUs. The database's host gets the upstream's CPUs too, since the
    upstream runs there.

    Raises:
        NoRoomError: if the network is too small.
    """
    wanted = len(lanes) * sum(counts.values())
    free = network.num_addresses - 3  # the network's own, the gateway's and the broadcast address
    if wanted > free:
        raise NoRoomError(
            f"{network} has addresses for {max(free, 0)} hosts, not for {wanted}\n"
            f"help: name a larger network of {RANGE} with --network"
        )
    addresses = islice(network.hosts(), 1, None)
    hosts: list[Host] = []
    for lane, cpus in enumerate(lanes):
        sets: dict[TestbedRole, tuple[int, ...]] = {
            "sut": cpus.sut,
            "load": cpus.load,
            "db": tuple(sorted({*cpus.db, *cpus.upstream})),
        }
        for role, count in counts.items():
            for index in range(lane * count, (lane + 1) * count):
                name = f"{role}-{index}"
                hosts.append(Host(name=name, role=role, lane=lane, address=str(next(addresses)), cpus=sets[role]))
    return tuple(hosts)
