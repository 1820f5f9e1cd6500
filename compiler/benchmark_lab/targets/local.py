"""Makes this machine the hosts of a bundle: before the first playbook, until the release after the last playbook."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmark_lab.bundle import Hardware, Role
from benchmark_lab.conformance.visible import resident_bytes
from benchmark_lab.hosts.cpus import CpuSets, available_cpus, share_out
from benchmark_lab.hosts.facts import describe, machine_id
from benchmark_lab.hosts.prepared import STATION, HostRequest, Hosts, write_inventory
from benchmark_lab.machine import folders, other_users, programs
from benchmark_lab.machine.interrupts import Interrupts
from benchmark_lab.machine.progress import Progress
from benchmark_lab.machine.tools import ResourcesRemainError, ToolFailedError, Tools
from benchmark_lab.targets import Cost, Driver

ADDRESS = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class ThisMachine:
    """This machine in every role: `lab` forwards nothing, and all roles have one clock."""

    state: Path

    def address(self, role: Role) -> str:
        """Return the address where the other roles reach the role's host."""
        del role
        return ADDRESS

    @contextmanager
    def forwarded(self, role: Role, port: int) -> Iterator[str]:
        """Yield the address (`host:port`) where the controller reaches a port of the role's host."""
        yield f"{self.address(role)}:{port}"

    def station(self, host: str) -> AbstractContextManager[Path]:
        """Return a context with the path of the socket of a host's station."""
        return nullcontext(self.state / host / STATION)

    def server_log(self) -> str:
        """Return the text that the server has written so far."""
        return (self.state / "sut-0" / "logs" / "sut.log").read_text(encoding="utf-8", errors="replace")

    def server_memory(self, pid: int) -> Callable[[], int]:
        """Return a function that reads the resident memory of the process and its descendants, in bytes."""
        return partial(resident_bytes, pid)

    def clock_offsets_s(self) -> dict[str, float]:
        """Return an empty mapping: all roles have one clock."""
        return {}

    def release(self, finish: Callable[[], None]) -> None:
        """Stop everything that the run started, and remove the state.

        Raises:
            ResourcesRemainError: if something could not be stopped.
        """
        try:
            finish()
            folders.remove_state(self.state)
        except ToolFailedError as error:
            raise ResourcesRemainError(
                f"processes of this run may still be running below {self.state}",
                output=str(error),
                next_step="the next `lab apply` or `lab doctor` ends them",
            ) from error


def make_hosts(wanted: HostRequest, say: Callable[[str], None]) -> Hosts:
    """Share this machine out among the roles; nothing is started yet.

    Args:
        wanted: the request, which says what the hosts are for.
        say: the function that is told what a server of another user could not do on this machine.

    Raises:
        ToolFailedError: if the machine lacks CPUs or PostgreSQL, or if the folder of builds cannot be used.
    """
    environment, state, bundle = wanted.caller.environment, wanted.state, wanted.bundle.folder
    postgres = programs.find_postgres(environment, folders.state_root())
    cache = folders.cache_root(environment)
    for folder in (cache, cache / "builds"):
        other_users.make_readable(folder)
    k6 = programs.find_k6(environment, wanted.tools)
    listed, cpus = inventory(state, bundle, wanted.hardware, postgres, cache=cache, path=_build_path(wanted, say))
    names = {role: [*hosts] for role, hosts in cpus.hosts(wanted.hardware.load.count).items()}
    folders.new_state(state, wanted.mark, [name for hosts in names.values() for name in hosts])
    return Hosts(
        ansible=wanted.ansible(),
        inventory=write_inventory(state / "inventory.json", listed),
        names=names,
        site=ThisMachine(state),
        cpus=cpus,
        controller_cpus=cpus.rest,
        labels=cpus.labels(),
        machine=describe(),
        identity={**describe(), "machine": machine_id()},
        secrets=wanted.secrets,
        load_hosts=wanted.hardware.load.count,
        load_cpus=len(cpus.load),
        k6=k6,
        toolchains=wanted.bundle.experiment.toolchains,
    )


def _build_path(wanted: HostRequest, say: Callable[[str], None]) -> str:
    """Return the PATH of builds; root's PATH begins with the programs that servers of other users can run on."""
    environment = wanted.caller.environment
    found: list[Path] = []
    needs = [need for language in wanted.bundle.experiment.languages for need in language.needs if need.serves]
    for need in needs if os.getuid() == 0 else ():
        program = programs.find_everybodys(need, environment, wanted.tools)
        if program is None:
            say(f"There is no `{need.program}` here that every user can execute: {need.purpose}.")
        else:
            found.append(program)
    return programs.build_path(environment, found)


def inventory(
    state: Path, bundle: Path, hardware: Hardware, postgres: programs.Postgres, *, cache: Path, path: str
) -> tuple[dict[str, object], CpuSets]:
    """Return Ansible's inventory of this machine in its three roles, and the CPU sets that the inventory assigns.

    The inventory holds no secret: secrets reach the playbooks by environment. Builds lie below `cache` and find
    programs by `path`.
    """
    cpus = share_out(available_cpus(), hardware)
    common: dict[str, object] = {
        "ansible_connection": "local",
        "ansible_python_interpreter": sys.executable,
        "lab_address": "127.0.0.1",
        "lab_clients": ["127.0.0.1/32"],
        "lab_run": state.name,
        "lab_tmp": tempfile.gettempdir(),
        "lab_files": str(bundle / "files"),
        "lab_controller_files": str(bundle / "files"),
        "lab_cache": str(cache),
        "lab_controller_cache": str(cache),
        "lab_path": path,
        "lab_postgresql_bin": str(postgres.bin),
        "lab_postgresql_user": postgres.user,
        "lab_upstream_cpus": cpus.upstream,
        "lab_sampler_cpus": cpus.rest,
        "lab_load_hosts_beside": hardware.load.count - 1,
        "lab_sut": "sut-0",
        "lab_db": "db-0",
    }
    groups = {
        role: {"hosts": {name: {"lab_folder": str(state / name), "lab_cpus": own} for name, own in hosts.items()}}
        for role, hosts in cpus.hosts(hardware.load.count).items()
    }
    return {"all": {"vars": common, "children": {**groups, "remote": {}}}}, cpus


class Local:
    """The driver that has this machine play every role, and makes no hosts."""

    cost: Cost = "free"

    def needs(self, environment: Mapping[str, str]) -> list[str]:
        """Say that PostgreSQL is missing; return an empty list if this machine has PostgreSQL."""
        try:
            programs.locate_postgres(environment)
        except ToolFailedError as error:
            return [f"PostgreSQL: {error.next_step}"]
        return []

    def make_hosts(self, wanted: HostRequest, interrupts: Interrupts, progress: Progress) -> Sequence[Hosts]:
        """Share this machine out among the roles, as one lane."""
        del interrupts
        return [make_hosts(wanted, progress.say)]

    def remove_leftovers(
        self, state: Path, tools: Tools, environment: Mapping[str, str], say: Callable[[str], None]
    ) -> bool:
        """Return False: this machine stays after a run."""
        del state, tools, environment, say
        return False


DRIVER: Driver = Local()
