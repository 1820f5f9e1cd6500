"""The hosts of one run while it goes on: what the preparation made, and the playbooks that act on it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from benchmark_lab.bundle import Part
from benchmark_lab.runtime.ansible import Ansible, Event
from benchmark_lab.runtime.machine import CpuSets
from benchmark_lab.runtime.secret import Secrets
from benchmark_lab.runtime.tools import ToolFailedError

K6_BUILD = "k6"


class Served(Part):
    """A server that is ready, as its host reported it."""

    port: int
    pid: int
    workers: int
    """Processes that serve."""

    @property
    def base_url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"


@dataclass(slots=True)
class Hosts:
    """Prepared hosts: addresses, builds and versions, as the playbooks reported them."""

    ansible: Ansible
    inventory: Path
    cpus: CpuSets
    secrets: Secrets
    load_boxes: int
    k6: str
    """Path of k6 on the load host; empty until the role has built one."""
    builds: dict[str, str] = field(default_factory=dict)
    """Folder of each build, by name."""
    versions: dict[str, str] = field(default_factory=dict)
    ports: dict[str, int] = field(default_factory=dict)

    @property
    def database_url(self) -> str:
        """Address of the seeded database, with its password."""
        return f"postgresql://lab:{self.secrets.database_password}@127.0.0.1:{self.ports['database']}/lab"

    @property
    def server_log(self) -> Path:
        """What the server writes to standard output."""
        return self.ansible.state / "sut-0" / "logs" / "sut.log"

    @property
    def upstream_url(self) -> str:
        """Base address of the simulated external API."""
        return f"http://127.0.0.1:{self.ports['upstream']}"

    def play(
        self,
        name: str,
        variables: Mapping[str, object],
        on_event: Callable[[Event], None],
        *,
        label: str = "",
        limit: str = "all",
    ) -> None:
        """Run one of the bundle's playbooks on these hosts; secrets and addresses go by environment."""
        env = {"LAB_DATABASE_PASSWORD": self.secrets.database_password, "LAB_JWT_SECRET": self.secrets.jwt_secret}
        if self.ports.keys() >= {"database", "upstream"}:  # not so while, or after, the preparation was cut short
            env |= {"LAB_DATABASE_URL": self.database_url, "LAB_UPSTREAM_URL": self.upstream_url}
        self.ansible.play(
            name,
            self.inventory,
            variables={"lab_k6": self.k6, **variables},
            secret_env=env,
            on_event=on_event,
            label=label,
            limit=limit,
        )

    def prepare(self, on_step: Callable[[str], None], *, roles: str = "all") -> None:
        """Bring up database and upstream, build the implementations and k6; or only what belongs to some `roles`."""

        def on_event(event: Event) -> None:
            if event.kind == "task":
                on_step(event.task)
            if event.kind == "ok":
                self._learn(event)

        self.play("prepare", {}, on_event, limit=roles)

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
            case "server", {"server": "upstream", "problem": None, "port": int(port)}:
                self.ports["upstream"] = port
            case "server", {"server": "upstream", "problem": str(problem)}:
                raise ToolFailedError(f"the simulated external API did not start: {problem}")
            case _:
                pass

    def serve(self, server_cell: Mapping[str, object]) -> Served:
        """Start one server afresh.

        Raises:
            ToolFailedError: if it does not become ready.
        """
        results: list[Mapping[str, object]] = []

        def on_event(event: Event) -> None:
            if event.kind == "ok" and event.action == "server":
                results.append(event.result)

        self.play("serve", {"server_cell": server_cell}, on_event)
        if problem := results[-1]["problem"]:
            raise ToolFailedError(str(problem), output=self.secrets.redact(str(results[-1].get("log_tail", ""))))
        return Served.model_validate(results[-1])

    def finish(self) -> None:
        """Stop everything."""
        self.play("finish", {}, lambda _: None)


def write_inventory(path: Path, inventory: Mapping[str, object]) -> Path:
    """Write Ansible's inventory; JSON is YAML."""
    path.write_text(json.dumps(inventory, indent=1))
    return path
