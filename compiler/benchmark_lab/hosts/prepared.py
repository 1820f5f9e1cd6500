"""The hosts of one run while the run goes on: what the preparation made, and the playbooks that act on the hosts."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from benchmark_lab.bundle import BundledToolchain, Hardware, Part, Role
from benchmark_lab.conformance import Sut
from benchmark_lab.hosts.ansible import Ansible, Event
from benchmark_lab.hosts.caller import Caller
from benchmark_lab.hosts.cpus import CpuSets, RoleOfHost
from benchmark_lab.hosts.facts import by_host
from benchmark_lab.hosts.secret import Secrets
from benchmark_lab.hosts.stations import OpenStations, Order, PlaybookStations, StationAnswer, Stations
from benchmark_lab.hosts.task_times import TaskTimes
from benchmark_lab.machine.tools import ToolFailedError, Tools
from benchmark_lab.store.bundles import LoadedBundle

K6_BUILD = "k6"
STATIONS = "stations"
"""Name of the playbook that goes on while the run measures."""
STATION = "station"
"""Name of the socket of a host's station, in the run's folder on the host."""


class NotServingError(ToolFailedError):
    """A server does not become ready; the problem is the server's own, since its host does what `lab` asks."""


class Served(Part):
    """A server that is ready, as the server's host reported."""

    port: int
    pid: int
    workers: int
    """Number of processes that serve."""


class Setting(Part):
    """A host's setting as the run found the setting, and as the run has it; None where the host has no such setting."""

    before: str | None
    after: str | None


class Site(Protocol):
    """The access to hosts: how hosts reach each other, how the controller reaches hosts, and how `lab` lets them go."""

    def address(self, role: Role) -> str:
        """Return the address at which the other hosts reach the role's host."""

    def forwarded(self, role: Role, port: int) -> AbstractContextManager[str]:
        """Return a context manager of the `host:port` at which the controller reaches a port of the role's host."""

    def station(self, host: str) -> AbstractContextManager[Path]:
        """Return a context manager of the path at which the controller reaches the socket of a host's station."""

    def server_log(self) -> str:
        """Return what the server has written to standard output so far."""

    def server_memory(self, pid: int) -> Callable[[], int] | None:
        """Return a function that reads the resident memory of the process and the process's descendants.

        Return None where the controller cannot see the memory.
        """

    def clock_offsets_s(self) -> Mapping[str, float]:
        """Return the seconds that each host's monotonic clock is ahead of the load host's now, by host name.

        The mapping is empty where all hosts have one clock.
        """

    def release(self, finish: Callable[[], None]) -> None:
        """Let the hosts go as the run found them; `finish` stops what runs on the hosts.

        Raises:
            ResourcesRemainError: if something could not be stopped.
        """


@dataclass(frozen=True, slots=True)
class HostRequest:
    """The request for hosts: what `lab` needs to know to make hosts for a run."""

    bundle: LoadedBundle
    hardware: Hardware
    """Hardware, with the number of CPUs that each role asks for."""
    state: Path
    """The run's state folder on this machine, which is made with the hosts."""
    logs: Path
    """Folder of the playbooks' output."""
    caller: Caller
    tools: Tools
    mark: str
    """Mark of the processes that `tools` starts."""
    secrets: Secrets

    def ansible(self, lane: int = 0) -> Ansible:
        """Return the object that runs the bundle's playbooks on one of the lanes."""
        return Ansible(
            self.tools,
            playbooks=self.bundle.folder / "playbooks",
            sources=self.bundle.files / "playbooks",
            state=lane_folder(self.state, lane),
            logs=lane_folder(self.logs, lane),
            environment=self.caller.environment,
            passed_on=tuple(letters for each in self.bundle.experiment.languages for letters in each.environment),
        )


def lane_folder(folder: Path, lane: int) -> Path:
    """Return the part of a folder that belongs to a lane; the first lane's part is the folder itself."""
    if lane == 0:
        return folder
    own = folder / f"lane-{lane}"
    own.mkdir(exist_ok=True)
    return own


@dataclass(slots=True)
class Hosts:
    """Prepared hosts: addresses, builds and versions, as the playbooks reported them."""

    ansible: Ansible
    inventory: Path
    names: Mapping[RoleOfHost, Sequence[str]]
    """The names of the hosts of each role, in the order of the inventory."""
    site: Site
    cpus: CpuSets
    controller_cpus: tuple[int, ...]
    """CPUs of this machine for processes that only control."""
    labels: tuple[str, ...]
    """Labels that hold for every number from these hosts."""
    machine: Mapping[str, str]
    """Facts that say what the hosts are, for the provenance."""
    identity: Mapping[str, str]
    """Facts that show whether the hosts are the same as before."""
    secrets: Secrets
    load_hosts: int
    load_cpus: int
    """Number of CPUs of the load hosts together; CPUs that several load hosts share count once."""
    k6: str
    """Path of k6 on the load host; empty until the role has built k6."""
    builds: dict[str, str] = field(default_factory=dict)
    """Folder of each build, by name."""
    toolchains: Mapping[str, BundledToolchain] = field(default_factory=dict)
    """Toolchains that build and serve implementations, by the implementation's name.

    An implementation has no entry where its language has no toolchain.
    """
    versions: dict[str, str] = field(default_factory=dict)
    ports: dict[str, int] = field(default_factory=dict)
    settings: dict[str, dict[str, Setting]] = field(default_factory=dict)
    """Settings of each host, by the host's name and the setting's name."""
    times: TaskTimes = field(default_factory=TaskTimes)
    """Times that the tasks of the preparation took."""
    open_stations: OpenStations = PlaybookStations
    _stations: Stations | None = None

    def _database_url(self, where: str) -> str:
        return f"postgresql://lab:{self.secrets.database_password}@{where}/lab"

    @contextmanager
    def target(self, served: Served, middleware_depth: int) -> Iterator[Sut]:
        """Yield a server as the controller reaches it within the context, with all that shows what the server does."""
        with ExitStack() as forwards:
            there: tuple[tuple[Role, int], ...] = (
                ("sut", served.port),
                ("db", self.ports["database"]),
                ("upstream", self.ports["upstream"]),
            )
            server, database, upstream = (forwards.enter_context(self.site.forwarded(*port)) for port in there)
            yield Sut(
                base_url=f"http://{server}",
                db_url=self._database_url(database),
                upstream_url=f"http://{upstream}",
                jwt_secret=self.secrets.jwt_secret,
                middleware_depth=middleware_depth,
                server_log=self.site.server_log,
                server_memory=self.site.server_memory(served.pid),
            )

    def play(
        self,
        name: str,
        variables: Mapping[str, object],
        on_event: Callable[[Event], None],
        *,
        label: str = "",
        limit: str = "all",
    ) -> None:
        """Run one of the bundle's playbooks on these hosts; secrets and addresses reach the playbook by environment."""
        env = {"LAB_DATABASE_PASSWORD": self.secrets.database_password, "LAB_JWT_SECRET": self.secrets.jwt_secret}
        if self.ports.keys() >= {"database", "upstream"}:  # not so while, or after, the preparation was cut short
            database, upstream = self.site.address("db"), self.site.address("upstream")
            env |= {
                "LAB_DATABASE_URL": self._database_url(f"{database}:{self.ports['database']}"),
                "LAB_UPSTREAM_URL": f"http://{upstream}:{self.ports['upstream']}",
            }
        self.ansible.play(
            name,
            self.inventory,
            variables={"lab_k6": self.k6, **variables},
            secret_env=env,
            on_event=on_event,
            redact=self.secrets.redact,
            label=label,
            limit=limit,
        )

    def prepare(self, on_step: Callable[[str], None], *, roles: str = "all") -> None:
        """Bring up database and upstream, and build the implementations and k6.

        Where `roles` names some roles, do only what belongs to these roles.
        """

        def on_event(event: Event) -> None:
            self.times.take(event)
            if event.kind == "task":
                on_step(event.task)
            if event.kind == "ok":
                self._learn(event)

        self.play("prepare", {}, on_event, limit=roles)

    def described(self) -> dict[str, str]:
        """Return what the hosts are and how the hosts are set, for the provenance."""
        settings = {
            host: {name: each.after or "none" for name, each in of_host.items()}
            for host, of_host in self.settings.items()
        }
        return {**self.machine, **by_host(settings)}

    def changed(self) -> dict[str, str]:
        """Return the former values of the settings that the run has changed."""
        return by_host(
            {
                host: {name: each.before for name, each in of_host.items() if each.before and each.before != each.after}
                for host, of_host in self.settings.items()
            }
        )

    def programs_of(self, implementation: str) -> list[str]:
        """Return the folders on the server's host that the PATH of the implementation's server begins with."""
        toolchain = self.toolchains.get(implementation)
        return [f"{self.builds[toolchain.build]}/{toolchain.path}"] if toolchain else []

    def _learn(self, event: Event) -> None:
        result = event.result
        match event.action, result:
            case "build", {"name": str(name), "build": str(folder), "versions": str(versions)}:
                self.builds[name] = folder
                self.versions[name] = versions
                if name == K6_BUILD:
                    self.k6 = f"{folder}/k6"
            case "database", {"port": int(port), "version": str(version)}:
                self.ports["database"] = port
                self.versions["postgresql"] = version
            case "tuning", {"settings": {**settings}}:
                self.settings[event.host] = {str(name): Setting.model_validate(each) for name, each in settings.items()}
            case "server", {"server": "upstream", "problem": None, "port": int(port)}:
                self.ports["upstream"] = port
            case "server", {"server": "upstream", "problem": str(problem)}:
                raise ToolFailedError(f"the upstream did not start: {problem}")
            case _:
                pass

    def ask(self, orders: Mapping[str, Order]) -> dict[str, StationAnswer]:
        """Give hosts orders, all at once, by the hosts' names, and return what each order came to.

        The first call starts the stations.

        Raises:
            ToolFailedError: if a host fails.
        """
        if self._stations is None:
            sockets = {host: self.site.station(host) for hosts in self.names.values() for host in hosts}
            self._stations = self.open_stations(
                lambda on_event: self.play(STATIONS, {}, on_event), sockets, self.secrets.redact
            )
            self._stations.call()
        return self._stations.ask(orders)

    def ask_one(self, role: RoleOfHost, order: str, **params: object) -> StationAnswer:
        """Give the role's first host an order, and return what the order came to.

        Raises:
            ToolFailedError: if the host fails.
        """
        name = self.names[role][0]
        return self.ask({name: Order(order, params)})[name]

    def hang_up(self) -> None:
        """End what the hosts are doing for the run, whoever waits for the hosts."""
        if self._stations:
            self._stations.hang_up()

    def serve(self, server: Mapping[str, object]) -> Served:
        """Start one server afresh.

        Args:
            server: the order's parameters: `argv`, `cwd`, `env`, `path` and `helpers`.

        Raises:
            NotServingError: if the server does not become ready.
            ToolFailedError: if the server's host fails.
        """
        started = self.ask_one("sut", "serve", **server)
        if problem := started["problem"]:
            raise NotServingError(str(problem), output=str(started.get("log_tail", "")))
        return Served.model_validate(started)

    def release(self) -> None:
        """Stop everything on the hosts and let the hosts go.

        Raises:
            ResourcesRemainError: if something could not be stopped.
        """
        try:
            if self._stations:
                self._stations.close()
        finally:
            self.site.release(lambda: self.play("finish", {}, lambda _: None))


def write_inventory(path: Path, inventory: Mapping[str, object]) -> Path:
    """Write Ansible's inventory as JSON, which is YAML, and return the file's path."""
    path.write_text(json.dumps(inventory, indent=1))
    return path


def release(lanes: Iterable[Hosts]) -> None:
    """Let the hosts of all lanes go, whatever happens with one of the lanes.

    Raises:
        ResourcesRemainError: if something could not be stopped.
    """
    with ExitStack() as released:
        for hosts in lanes:
            released.callback(hosts.release)
