"""Turns the hosts of a lane, and what the hosts offer, into Ansible's inventory and the CPU sets in the inventory."""

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
    """The folders on a host for one user and one run."""

    user: str
    run: str
    files: str
    """Name of the folder with the bundle's files; the name follows from the files' content."""

    @property
    def root(self) -> str:
        """Return the folder on a host that this user's runs write to."""
        return f"/var/tmp/benchmark-lab-{self.user}"  # noqa: S108  survives a reboot, unlike /tmp; mode 0711

    @property
    def cache(self) -> str:
        """Return the folder of builds and sources on a host, which stays after the run.

        Root's folder lies where other users can read the folder, as on this machine.
        """
        return str(folders.SHARED_CACHE) if self.user == "root" else f"{self.root}/cache"

    def variables(self) -> dict[str, object]:
        """Return the folders as variables for Ansible's roles."""
        return {
            "ansible_remote_tmp": f"{self.root}/runs/{self.run}/ansible",
            "lab_folder": f"{self.root}/runs/{self.run}",
            "lab_cache": self.cache,
            "lab_files": f"{self.cache}/{self.files}",
        }


def chosen(lane: Lane, hardware: Hardware) -> Lane:
    """Return the hosts that take part: one sut, one db, and as many load hosts as the hardware asks for.

    Raises:
        ToolFailedError: if the lane has too few load hosts.
    """
    count = hardware.load.count
    if len(lane.load) < count:
        raise ToolFailedError(
            f"hardware `{hardware.name}` asks for {count} load hosts; the inventory has {len(lane.load)} in a lane",
            next_step="list more hosts below `load`",
        )
    return Lane(sut=lane.sut[:1], load=lane.load[:count], db=lane.db[:1])


def by_role(lane: Lane) -> dict[RoleOfHost, list[str]]:
    """Return the names of the lane's hosts, by role."""
    return {
        "sut": [host.name for host in lane.sut],
        "load": [host.name for host in lane.load],
        "db": [host.name for host in lane.db],
    }


def share_out(lane: Lane, sessions: Mapping[str, HostSession], hardware: Hardware) -> CpuSets:
    """Return the CPU set of each role on the role's own host.

    PostgreSQL and the upstream share out the CPUs of the db host.

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
    """Return the number of CPUs that the load hosts have together.

    Where the load hosts are parts of one machine, a CPU that several load hosts have counts once.
    """
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
        sessions: the session on each host, by the host's name.
        serving: the packages that the languages of the implementations ask of the server's host.
    """
    lacking: dict[str, list[str]] = {name: [] for name in sessions}
    if not sessions[lane.db[0].name].facts.postgresql:
        lacking[lane.db[0].name].append("postgresql")
    sut = sessions[lane.sut[0].name]
    lacking[lane.sut[0].name] += [name for name in dict.fromkeys(serving) if name not in sut.facts.packages]
    return lacking


def require(lacking: Mapping[str, Sequence[str]], sessions: Mapping[str, HostSession]) -> None:
    """Go on only where no host lacks a Debian package.

    Raises:
        ToolFailedError: if a host lacks a package; the text says what to install where.
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
    """Return Ansible's inventory.

    The inventory holds no secret: secrets reach the playbooks by environment.
    """
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
    """Return what the hosts are, for the provenance: a fact comes once where the hosts are alike, else by host."""
    facts = {host.name: sessions[host.name].facts.machine for host in lane.hosts()}
    return by_host(facts)


def identities(lane: Lane, sessions: Mapping[str, HostSession]) -> dict[str, str]:
    """Return the machine id of each host, which tells apart hosts that are alike."""
    return {f"machine of {host.name}": sessions[host.name].facts.machine_id for host in lane.hosts()}


def state_folder(state: Path) -> Path:
    """Return the controller's folder for the connections' sockets and ssh's messages; make the folder if need be.

    The folder is private, since the connections need no key.
    """
    folder = state / "ssh"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def socket_in(folder: Path, number: int) -> Path:
    """Return the path of the socket of the connection to one of the lane's hosts.

    The path is short, and no other process uses the path. Where a connection was lost, Ansible opens another one.
    Ansible's connection stays for 15 s after its last use, and then removes its own socket.
    """
    return folder / f"{os.getpid()}.{number}"
