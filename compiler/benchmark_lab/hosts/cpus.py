"""Shares the CPUs of one machine out to the roles."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Literal

from benchmark_lab.bundle import Hardware
from benchmark_lab.machine.tools import ToolFailedError

RoleOfHost = Literal["sut", "load", "db"]
"""A role that has hosts of its own; the upstream runs on the db host."""


@dataclass(frozen=True, slots=True)
class CpuSets:
    """The CPU numbers of each role on one machine."""

    sut: tuple[int, ...]
    load: tuple[int, ...]
    db: tuple[int, ...]
    upstream: tuple[int, ...]

    def hosts(self, load_hosts: int) -> dict[RoleOfHost, dict[str, tuple[int, ...]]]:
        """Return the hosts that this machine plays and the CPUs of each host, by role.

        Load hosts share the CPUs of the load where there are fewer CPUs than load hosts.
        """
        shared = load_hosts > len(self.load)
        load = {f"load-{n}": self.load if shared else self.load[n::load_hosts] for n in range(load_hosts)}
        return {"sut": {"sut-0": self.sut}, "load": load, "db": {"db-0": self.db}}

    @property
    def rest(self) -> tuple[int, ...]:
        """Return every CPU that the server does not use, for processes that only watch.

        Where the server uses every CPU, return the server's CPUs.
        """
        return tuple(sorted({*self.load, *self.db, *self.upstream} - set(self.sut))) or self.sut

    def described(self) -> dict[str, str]:
        """Return the CPU sets in words, for the provenance."""
        return {role: ",".join(map(str, getattr(self, role))) for role in ("sut", "load", "db", "upstream")}

    def labels(self) -> tuple[str, ...]:
        """Return the labels of the results that say which roles share CPUs."""
        shared = []
        if set(self.sut) & set(self.load):
            shared.append("sut-and-load-share-cpus")
        if set(self.db) & set(self.load):
            shared.append("database-and-load-share-cpus")
        return tuple(shared)


def share_out(available: tuple[int, ...], hardware: Hardware) -> CpuSets:
    """Give each role its CPUs.

    The sut and the load get disjoint CPUs where there are enough. Database and upstream get the rest.
    A label says where the sut and the load overlap, and where database and upstream share the load's CPUs.

    Raises:
        ToolFailedError: if the machine has fewer CPUs than one of the roles asks for.
    """
    sut_count, load_count = hardware.sut.cpus or 1, hardware.load.cpus or 1
    if max(sut_count, load_count) > len(available):
        raise ToolFailedError(
            f"hardware `{hardware.name}` asks for {sut_count} CPUs for the sut and {load_count} for the load; "
            f"this machine offers {len(available)}",
            next_step="lower `cpus` in the experiment's hardware, or use a target with larger hosts",
        )
    sut, load = available[:sut_count], available[sut_count:][:load_count]
    if len(load) < load_count:
        load = available[-load_count:]
    rest = available[sut_count + load_count :]
    if not rest:
        return CpuSets(sut=sut, load=load, db=load, upstream=load)
    return CpuSets(sut=sut, load=load, db=rest[:-1] or rest, upstream=rest[-1:])


def available_cpus() -> tuple[int, ...]:
    """Return the CPUs that this process may use."""
    return tuple(sorted(os.sched_getaffinity(0)))
