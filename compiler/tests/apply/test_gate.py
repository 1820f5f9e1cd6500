"""What the gate takes for a server's own fault, and what for its host's."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from benchmark_lab.apply.gate import prove
from benchmark_lab.bundle import Role
from benchmark_lab.hosts.ansible import Ansible
from benchmark_lab.hosts.cpus import CpuSets
from benchmark_lab.hosts.prepared import Hosts
from benchmark_lab.hosts.secret import new_secrets
from benchmark_lab.hosts.stations import Order, StationAnswer
from benchmark_lab.machine.tools import ToolFailedError
from tests.apply.world import FakeTools
from tests.synthetic import cell

SPEC = Path(__file__).parents[3] / "spec" / "openapi.yaml"
NOWHERE = "127.0.0.1:1"


@dataclass
class Serving:
    """Stations that start a server, or of which one cannot be reached."""

    result: Mapping[str, object] | None
    """What the host says of the server; nothing if it cannot be reached."""

    def ask(self, orders: Mapping[str, Order]) -> dict[str, StationAnswer]:
        (host,) = orders
        if self.result is None:
            raise ToolFailedError(f"host {host}: the task of stations.yml could not run, the host cannot be reached")
        return {host: self.result}

    def call(self) -> None: ...

    def hang_up(self) -> None: ...

    def close(self) -> None: ...


@dataclass
class Somewhere:
    """A site at which nothing listens, whose hosts answer or do not."""

    answers: bool = True

    def address(self, role: Role) -> str:
        return role

    @contextmanager
    def forwarded(self, role: Role, port: int) -> Iterator[str]:
        del role, port
        yield NOWHERE

    def station(self, host: str) -> nullcontext[Path]:
        return nullcontext(Path(host))

    def server_log(self) -> str:
        return ""

    def server_memory(self, pid: int) -> None:
        del pid

    def clock_offsets_s(self) -> dict[str, float]:
        if not self.answers:
            raise ToolFailedError("host sut-0 does not answer over SSH")
        return {}

    def release(self, finish: Callable[[], None]) -> None:
        raise NotImplementedError(finish)


@dataclass
class Gate:
    folder: Path
    site: Somewhere = field(default_factory=Somewhere)

    def prove(self, result: Mapping[str, object] | None) -> str | None:
        here = self.folder
        cpus = (0,)
        hosts = Hosts(
            ansible=Ansible(FakeTools(), playbooks=here, sources=here, state=here, logs=here, environment={}),
            inventory=here / "inventory.json",
            names={"sut": ("sut-0",), "load": ("load-0",), "db": ("db-0",)},
            site=self.site,
            cpus=CpuSets(cpus, cpus, cpus, cpus),
            controller_cpus=cpus,
            labels=(),
            machine={},
            identity={},
            secrets=new_secrets(),
            load_hosts=1,
            load_cpus=1,
            k6="k6",
            builds={"go-fiber": "/builds/go-fiber"},
            ports={"database": 1, "upstream": 1},
            open_stations=lambda *_: Serving(result),
        )
        return prove(hosts, cell("go-fiber"), lambda _: None, openapi=SPEC, seed=1, logs=here)


SERVED = {"problem": None, "port": 1, "pid": 7, "workers": 1}


def test_a_server_that_is_not_ready_is_refused_with_what_it_said(tmp_path: Path) -> None:
    reason = Gate(tmp_path).prove({"problem": "the server was not ready within 30 s", "log_tail": "panic: no"})
    assert reason
    assert reason.startswith("its server does not start: the server was not ready within 30 s")
    assert "panic: no" in reason


def test_a_host_that_cannot_be_reached_is_no_fault_of_the_server(tmp_path: Path) -> None:
    with pytest.raises(ToolFailedError, match=r"host sut-0: .* cannot be reached"):
        Gate(tmp_path).prove(None)


def test_a_server_that_stops_answering_is_refused(tmp_path: Path) -> None:
    reason = Gate(tmp_path).prove(SERVED)
    assert reason
    assert reason.startswith("it stopped answering during the conformance checks")


def test_a_host_that_is_lost_during_the_checks_is_no_fault_of_the_server(tmp_path: Path) -> None:
    with pytest.raises(ToolFailedError, match="does not answer over SSH"):
        Gate(tmp_path, Somewhere(answers=False)).prove(SERVED)
