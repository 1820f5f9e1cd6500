"""The hosts of a lane, and what they offer, into Ansible's inventory and the CPU sets that it assigns."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmark_lab.bundle import Hardware, HostShape
from benchmark_lab.hosts.cpus import CpuSets, RoleOfHost
from benchmark_lab.hosts.facts import by_host
from benchmark_lab.hosts.inventory import Lane
from benchmark_lab.hosts.ssh.session import HostSession
from benchmark_lab.machine import folders
from benchmark_lab.machine.tools import ToolFailedError

POSTGRES = "postgres"


@dataclass(frozen=True, slots=True)
class Layout:
    """Where things lie on a host, for a user and a run."""

    user: str
    run: str
    files: str
    """The name of the folder with the bundle's files, by their content."""

    @property
    def root(self) -> str:
        """The folder on a host that runs of this user write to."""
        return f"/var/tmp/benchmark-lab-{self.user}"  # noqa: S108  survives a reboot, unlike /tmp; mode 0711

    @property
    def cache(self) -> str:
        """The folder of builds and sources, which stays: root's lies where other users read it, as on this machine."""
        return str(folders.SHARED_CACHE) if self.user == "root" else f"{self.root}/cache"

    def variables(self) -> dict[str, object]:
        """For the roles."""
        return {
            "ansible_remote_tmp": f"{self.root}/runs/{self.run}/ansible",
            "lab_folder": f"{self.root}/runs/{self.run}",
            "lab_cache": self.cache,
            "lab_files": f"{self.cache}/{self.files}",
        }


def chosen(lane: Lane, hardware: Hardware) -> Lane:
    """The hosts that take part: one sut and one db, and as many load hosts as the hardware asks for.

    Raises:
        ToolFailedError: if there are too few.
    """
    count = hardware.load.count
    if len(lane.load) < count:
        raise ToolFailedError(
            f"hardware `{hardware.name}` asks for {count} load hosts; the inventory has {len(lane.load)} in a lane",
            next_step="list more hosts below `load`",
        )
    return Lane(sut=lane.sut[:1], load=lane.load[:count], db=lane.db[:1])


def by_role(lane: Lane) -> dict[RoleOfHost, list[str]]:
    """The names of the hosts."""
    return {
        "sut": [host.name for host in lane.sut],
        "load": [host.name for host in lane.load],
        "db": [host.name for host in lane.db],
    }


def share_out(lane: Lane, sessions: Mapping[str, HostSession], hardware: Hardware) -> CpuSets:
    """The CPU set of each role on its own host; PostgreSQL and the upstream share out the db host's.

    Raises:
        ToolFailedError: if a host has fewer CPUs than its role asks for.
    """
    db = _first(sessions[lane.db[0].name], hardware.db)
    return CpuSets(
        sut=_first(sessions[lane.sut[0].name], hardware.sut),
        load=_first(sessions[lane.load[0].name], hardware.load),
        db=db[:-1] or db,
        upstream=db[-1:],
    )


def load_cpus(lane: Lane, sessions: Mapping[str, HostSession], cpus: CpuSets, *, shared: bool) -> int:
    """How many CPUs the load hosts have together; where they are parts of one machine, those of several count once."""
    each = [sessions[host.name].facts.cpus[: len(cpus.load)] for host in lane.load]
    return len({cpu for own in each for cpu in own}) if shared else sum(map(len, each))


def _first(session: HostSession, shape: HostShape) -> tuple[int, ...]:
    offered = session.facts.cpus
    if (shape.cpus or 0) > len(offered):
        raise ToolFailedError(
            f"{session.access.described} offers {len(offered)} CPUs; the hardware asks for {shape.cpus}",
            next_step="lower `cpus` in the experiment's hardware, or use larger hosts",
        )
    return offered[: shape.cpus]


def packages(lane: Lane, sessions: Mapping[str, HostSession], serving: Sequence[str]) -> dict[str, list[str]]:
    """Return the Debian packages that each host lacks for its role, by the host's name.

    Args:
        lane: the hosts.
        sessions: on each of them.
        serving: the packages that the languages of the implementations ask of the server's host.
    """
    lacking: dict[str, list[str]] = {name: [] for name in sessions}
    if not sessions[lane.db[0].name].facts.postgresql:
        lacking[lane.db[0].name].append("postgresql")
    sut = sessions[lane.sut[0].name]
    lacking[lane.sut[0].name] += [name for name in dict.fromkeys(serving) if name not in sut.facts.packages]
    return lacking


def require(lacking: Mapping[str, Sequence[str]], sessions: Mapping[str, HostSession]) -> None:
    """Go on only where no host lacks anything.

    Raises:
        ToolFailedError: that says what to install where.
    """
    lines = [
        f"{sessions[name].access.described}: apt-get install {' '.join(wanted)}"
        for name, wanted in lacking.items()
        if wanted
    ]
    if lines:
        raise ToolFailedError(
            "hosts lack Debian packages, and this target's hosts are left as they are",
            output="\n".join(lines),
            next_step="install them, then run the experiment again",
        )


def inventory(
    lane: Lane,
    sessions: Mapping[str, HostSession],
    layouts: Mapping[str, Layout],
    *,
    cpus: CpuSets,
    lacking: Mapping[str, Sequence[str]],
    common: Mapping[str, object],
) -> dict[str, object]:
    """Ansible's inventory; it holds no secret: those reach the playbooks by environment."""
    sets = {"sut": cpus.sut, "load": cpus.load, "db": tuple(sorted({*cpus.db, *cpus.upstream}))}

    def variables(name: str, role: RoleOfHost) -> dict[str, object]:
        session = sessions[name]
        facts = session.facts
        own = sets[role] if name == by_role(lane)[role][0] else facts.cpus[: len(sets[role])]
        as_postgres = session.access.user == "root"
        return {
            **session.access.variables(),
            **layouts[name].variables(),
            "lab_address": session.access.host.address,
            "lab_cpus": cpus.db if role == "db" else own,
            "lab_upstream_cpus": cpus.upstream,
            "lab_sampler_cpus": tuple(sorted({*facts.cpus} - {*own})) or facts.cpus,
            "lab_packages": lacking[name],
            "lab_former_runs": [f"{layouts[name].root}/runs/{run}" for run in facts.former],
            "lab_postgresql_bin": "",
            "lab_postgresql_user": POSTGRES if as_postgres else "",
        }

    groups = {role: {"hosts": {name: variables(name, role) for name in names}} for role, names in by_role(lane).items()}
    shared: dict[str, object] = {
        "ansible_connection": "ssh",
        "ansible_python_interpreter": "/usr/bin/python3",
        "lab_tmp": "/dev/shm",  # noqa: S108  memory: writable whatever becomes of the disk
        "lab_sut": lane.sut[0].name,
        "lab_db": lane.db[0].name,
        "lab_clients": [f"{host.address}/32" for host in (*lane.sut, *lane.db)],
        **common,
    }
    return {"all": {"vars": shared, "children": {**groups, "remote": {"hosts": {name: {} for name in sessions}}}}}


def machines(lane: Lane, sessions: Mapping[str, HostSession]) -> dict[str, str]:
    """What the hosts are, for the provenance: once where they are alike, else by host."""
    facts = {host.name: sessions[host.name].facts.machine for host in lane.hosts()}
    return by_host(facts)


def identities(lane: Lane, sessions: Mapping[str, HostSession]) -> dict[str, str]:
    """Which hosts they are: hosts that are alike are not the same."""
    return {f"machine of {host.name}": sessions[host.name].facts.machine_id for host in lane.hosts()}


def state_folder(state: Path) -> Path:
    """Where the controller keeps the connections' sockets and what ssh says; private, since they need no key."""
    folder = state / "ssh"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def socket_in(folder: Path, number: int) -> Path:
    """Of the connection to one of the lane's hosts: short, and no other process's.

    Where a connection was lost, Ansible opens one that outlives it by 15 s, and then removes its socket, whose it is.
    """
    return folder / f"{os.getpid()}.{number}"
