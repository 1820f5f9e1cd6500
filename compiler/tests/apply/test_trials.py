from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from benchmark_lab.apply.trials import assemble, carry_out
from benchmark_lab.bundle import BundledOperation, BundledScenario, BundledToolchain
from benchmark_lab.hosts.ansible import Ansible
from benchmark_lab.hosts.cpus import CpuSets
from benchmark_lab.hosts.prepared import Hosts
from benchmark_lab.hosts.secret import new_secrets
from benchmark_lab.hosts.stations import Order, StationAnswer
from benchmark_lab.records import Measured
from benchmark_lab.targets.local import ThisMachine
from tests.apply.world import OPEN, FakeTools
from tests.synthetic import cell

K6 = {"problem": None, "requests": 900, "window_taken_s": 3.0, "wall_s": 3.2, "cpu_s": 0.3, "messages": ""}
HOST = {"cpus_busy": 0.5, "steal": 0.01, "context_switches": 10}
DATABASE = {"state": "observed", "problem": None, "cpu_s": 0.4, "cpus": 2, "transactions": 90, "host": HOST}
STARTED = {"problem": None, "port": 8000, "ready_s": 0.4, "cpus": 2}
WARMED = {"warmup": {**K6, "wall_s": 2.0}}
LOADED = {"load": K6, "host": HOST, "clean": True, "start_s": 5.0, "end_s": 25.0}
OBSERVED = {"problem": None, "cpu_s": 0.25, "log_tail": "hello", "host": HOST}
PING = BundledOperation(uses=())
READ = BundledOperation(uses=("database",))
WRITE = BundledOperation(uses=("database",), effects={"users": 1, "user_events": 1})
LOG = BundledOperation(uses=("database",), effects={"user_events": 1})
CALL = BundledOperation(uses=("upstream",))


@dataclass
class Script:
    """Stations that answer what is written, by the order's name, and note what they are asked."""

    answers: Mapping[str, StationAnswer]
    asked: list[tuple[str, Order]] = field(default_factory=list)
    warming_up: dict[str, bool] = field(default_factory=dict)
    """By load host: whether it shares the load, and so waits again when it has warmed up."""

    def ask(self, orders: Mapping[str, Order]) -> dict[str, StationAnswer]:
        self.asked += orders.items()
        return {host: self._answer(host, order) for host, order in orders.items()}

    def _answer(self, host: str, order: Order) -> StationAnswer:
        if order.name == "load":
            self.warming_up[host] = order.params["segments"] != 1
            return {"waits": True}
        if order.name != "begin":
            return self.answers[order.name]
        if order.params["begin_at_s"] is None:
            return {"clean": False}
        found = self.answers["load"]
        if self.warming_up.pop(host, False) and "warmup" in found:
            return {"warmup": found["warmup"], "waits": True}
        return found

    def call(self) -> None: ...

    def hang_up(self) -> None: ...

    def close(self) -> None: ...

    def names(self) -> list[str]:
        return [order.name for _, order in self.asked]

    def params(self, name: str, number: int = 0) -> Mapping[str, Any]:
        return [order.params for _, order in self.asked if order.name == name][number]


def scenario(*operations: BundledOperation) -> BundledScenario:
    named = {f"operation{number}": operation for number, operation in enumerate(operations)}
    return BundledScenario(name="it", script="scenarios/it.js", operations=named, measures="it", writes=False)


def trial(
    here: Path,
    script: Script,
    asks: BundledScenario | None = None,
    *,
    load_hosts: Sequence[str] = ("load-0",),
    reset: bool = False,
    clock_offsets_s: Mapping[str, float] | None = None,
) -> Measured:
    cpus = (0,)
    hosts = Hosts(
        ansible=Ansible(FakeTools(), here, here, here, here, {}),
        inventory=here,
        names={"sut": ("sut-0",), "load": load_hosts, "db": ("db-0",)},
        site=ThisMachine(here),
        cpus=CpuSets(cpus, cpus, cpus, cpus),
        controller_cpus=cpus,
        labels=(),
        machine={},
        identity={},
        secrets=new_secrets(),
        load_hosts=len(load_hosts),
        load_cpus=1,
        k6="k6",
        builds={"go-fiber": "/builds/go-fiber", "go.toolchain": "/builds/go.toolchain"},
        toolchains={"go-fiber": BundledToolchain(build="go.toolchain", path="bin")},
        open_stations=lambda *_: script,
    )
    return carry_out(
        hosts,
        cell("go-fiber"),
        OPEN,
        asks or scenario(PING),
        seed=7,
        reset=reset,
        clock_offsets_s=clock_offsets_s or {},
        now=lambda: datetime(2026, 1, 1, tzinfo=UTC),
    )


def script(**others: StationAnswer) -> Script:
    answers: dict[str, StationAnswer] = {
        "reset-database": {},
        "choose-port": {"port": 8000},
        "serve": STARTED,
        "load": {**WARMED, **LOADED},
        "observe-server": OBSERVED,
        "observe-database": DATABASE,
    }
    return Script({**answers, **{name.replace("_", "-"): answer for name, answer in others.items()}})


def test_a_trial_serves_loads_and_observes_in_this_order(tmp_path: Path) -> None:
    asked = script()
    measured = trial(tmp_path, asked)
    assert asked.names() == ["choose-port", "serve", "load", "begin", "observe-server"]
    assert (asked.params("serve")["cwd"], asked.params("serve")["port"]) == ("/builds/go-fiber", 8000)
    assert asked.params("serve")["path"] == ["/builds/go.toolchain/bin"]
    assert asked.params("load")["env"]["BASE_URL"] == "http://127.0.0.1:8000"
    assert asked.params("load")["env"]["SEED"] == "7"
    server, load = measured.measurement.server, measured.measurement.load
    assert (server.cpu_s, server.ready_s, server.cpus) == (0.25, 0.4, 2)
    assert load is not None
    assert load.requests == 900
    assert (measured.server_log, measured.started_at) == ("hello", "2026-01-01T00:00:00.000+00:00")


def test_the_database_is_made_anew_before_the_server_starts(tmp_path: Path) -> None:
    asked = script()
    trial(tmp_path, asked, scenario(WRITE), reset=True)
    assert asked.names() == [
        "reset-database",
        "choose-port",
        "serve",
        "load",
        "begin",
        "observe-server",
        "observe-database",
    ]


@pytest.mark.parametrize(
    ("operations", "tables"), [((READ,), []), ((LOG, READ, WRITE), ["user_events", "users"])], ids=["reads", "writes"]
)
def test_rows_are_counted_of_the_tables_that_operations_add_to(
    tmp_path: Path, operations: Sequence[BundledOperation], tables: list[str]
) -> None:
    asked = script()
    trial(tmp_path, asked, scenario(*operations))
    assert asked.params("observe-database")["tables"] == tables


@pytest.mark.parametrize(
    ("operation", "answer", "observed"),
    [(PING, {}, False), (READ, {}, True), (CALL, {}, True), (PING, {"clean": False}, True)],
    ids=["neither", "database", "upstream", "a request failed"],
)
def test_the_database_is_observed_where_it_serves_the_scenario_or_a_request_failed(
    tmp_path: Path, operation: BundledOperation, answer: StationAnswer, observed: bool
) -> None:
    asked = script(load={**WARMED, **LOADED, **answer})
    trial(tmp_path, asked, scenario(PING, operation))
    assert ("observe-database" in asked.names()) == observed


def test_only_a_scenario_that_calls_the_upstream_sets_it(tmp_path: Path) -> None:
    settings = []
    for operations in ((PING, READ), (PING, CALL)):
        asked = script()
        trial(tmp_path, asked, scenario(*operations))
        settings.append(asked.params("load")["upstream_settings"])
    assert settings == [None, cell("go-fiber").upstream]


def test_a_window_is_mapped_to_the_clock_of_each_host(tmp_path: Path) -> None:
    asked = script()
    trial(tmp_path, asked, scenario(READ), clock_offsets_s={"load-0": 0.0, "sut-0": -1.0, "db-0": 100.0})
    windows = [
        (asked.params(name)["start_s"], asked.params(name)["end_s"]) for name in ("observe-server", "observe-database")
    ]
    assert windows == [(4.0, 24.0), (105.0, 125.0)]


@pytest.mark.parametrize("load", [{"clean": False, "load": {"problem": "late"}}, {"clean": False}])
def test_a_load_that_never_ran_has_no_window_by_any_hosts_clock(tmp_path: Path, load: StationAnswer) -> None:
    asked = script(load=load)
    trial(tmp_path, asked, scenario(READ), clock_offsets_s={"load-0": 0.0, "sut-0": 100.0, "db-0": 100.0})
    for name in ("observe-server", "observe-database"):
        assert (asked.params(name)["start_s"], asked.params(name)["end_s"]) == (0.0, 0.0)


def test_a_server_that_did_not_start_keeps_its_own_reason_and_is_not_loaded(tmp_path: Path) -> None:
    asked = script(
        serve={"problem": "not ready within 9 s", "log_tail": "Traceback"},
        observe_server={"problem": "no server of the name sut was started"},
        observe_database={"problem": None},
    )
    measured = trial(tmp_path, asked)
    assert asked.names() == ["choose-port", "serve", "load", "begin", "observe-server", "observe-database"]
    assert asked.params("begin")["begin_at_s"] is None
    assert measured.measurement.server.problem == "not ready within 9 s"
    assert measured.server_log == "Traceback"
    assert measured.measurement.load is None
    assert measured.measurement.database is not None


def test_several_hosts_share_the_load_and_begin_each_part_together(tmp_path: Path) -> None:
    asked = script()
    measured = trial(tmp_path, asked, load_hosts=("load-0", "load-1"), clock_offsets_s={"load-0": 0.0, "load-1": 3.0})
    loads = [(host, order.params) for host, order in asked.asked if order.name == "load"]
    assert [(host, params["segment"], params["segments"]) for host, params in loads] == [
        ("load-0", 0, 2),
        ("load-1", 1, 2),
    ]
    assert [params["ahead_s"] for _, params in loads] == [0.0, 3.0]
    begins = [float(str(order.params["begin_at_s"])) for _, order in asked.asked if order.name == "begin"]
    assert 0 < begins[0] == begins[1] < begins[2] == begins[3]
    assert measured.measurement.load is not None
    assert measured.measurement.load.requests == 1800
    assert measured.measurement.warmup is not None


def test_where_a_host_did_not_warm_up_none_measures_a_window(tmp_path: Path) -> None:
    asked = script(load={**WARMED, **LOADED})
    late = {"clean": False, "load": {"problem": "late"}}
    answer = asked.ask

    def one_is_late(orders: Mapping[str, Order]) -> dict[str, StationAnswer]:
        answers = answer(orders)
        return {**answers, "load-1": late} if answers.keys() == {"load-0", "load-1"} else answers

    asked.ask = one_is_late  # type: ignore[method-assign]
    measured = trial(tmp_path, asked, load_hosts=("load-0", "load-1")).measurement
    told = [(host, order.params["begin_at_s"] is None) for host, order in asked.asked if order.name == "begin"]
    assert told == [("load-0", False), ("load-1", False), ("load-0", True)]
    assert measured.load is not None
    assert measured.load.problem == "late"


LOAD = {"warmup": K6, "load": K6, "host": HOST}


def observed(**database: object) -> dict[str, dict[str, object]]:
    return {"server-observed": {"host": HOST}, "database-observed": {**DATABASE, **database}}


def test_each_role_brings_what_its_host_counted() -> None:
    measurement = assemble(observed(), [LOAD], 10.0)
    assert {role: host.cpus_busy for role, host in measurement.hosts.items()} == {"sut": 0.5, "load": 0.5, "db": 0.5}
    assert measurement.database is not None
    assert (measurement.database.transactions, measurement.database.cpu_s) == (90, 0.4)


def test_without_an_observed_database_there_is_no_host_of_it() -> None:
    measurement = assemble({"server-observed": {"host": HOST}}, [], 10.0)
    assert set(measurement.hosts) == {"sut"}
    assert measurement.database is None


def test_what_the_upstream_counted_and_what_it_used_are_one_observation() -> None:
    counted = {"hits": 900, "peak_in_flight": 7, "latency_ms": 50}
    parts = observed(upstream={"cpu_s": 0.1, "cpus": 2})
    upstream = assemble(parts, [{**LOAD, "upstream": counted}, LOAD], 10.0).upstream
    assert upstream is not None
    assert (upstream.hits, upstream.peak_in_flight, upstream.latency_ms) == (900, 7, 50)
    assert (upstream.cpu_s, upstream.cpus, upstream.problem) == (0.1, 2, None)


def test_an_upstream_that_the_scenario_does_not_call_is_left_out() -> None:
    assert assemble(observed(upstream={"cpu_s": 0.1, "cpus": 2}), [LOAD], 10.0).upstream is None


def test_an_upstream_that_does_not_answer_is_the_trials_problem() -> None:
    measurement = assemble({}, [{"upstream": {"problem": "it does not answer"}}], 10.0)
    assert measurement.load is None
    assert measurement.upstream is not None
    assert measurement.upstream.problem == "it does not answer"


def load_hosts(*machines: str) -> list[dict[str, object]]:
    """Two CPUs on each machine; load hosts on one machine share them."""
    return [{**LOAD, "machine": of, "cpu_ids": [f"{of}/0", f"{of}/1"], "load": {**K6, "cpus": 2}} for of in machines]


def test_load_hosts_on_machines_of_their_own_have_the_cpus_of_all() -> None:
    measurement = assemble(observed(), load_hosts("a", "b"), 10.0)
    load = measurement.load
    assert load is not None
    assert (load.requests, load.cpus, load.processes, load.cpu_s) == (1800, 4, 2, 0.6)
    assert measurement.hosts["load"].context_switches == 20
    assert measurement.hosts["load"].cpus_busy == 0.5


def test_every_host_that_has_notice_is_counted() -> None:
    ending: list[dict[str, object]] = [
        {**each, "host": {**HOST, "notices": 1, "allowance_exceeded": 3}} for each in load_hosts("a", "b")
    ]
    hosts = assemble(observed(host={**HOST, "notices": 0}), ending, 10.0).hosts
    assert {role: (host.notices, host.allowance_exceeded) for role, host in hosts.items() if role != "db"} == {
        "sut": (0, 0),
        "load": (2, 6),
    }


def test_load_hosts_on_one_machine_share_its_cpus_and_its_counters() -> None:
    measurement = assemble(observed(), load_hosts("a", "a"), 10.0)
    load = measurement.load
    assert load is not None
    assert (load.requests, load.cpus, load.processes) == (1800, 2, 2)
    assert measurement.hosts["load"].context_switches == 10


def begun(*at_s: float) -> list[dict[str, object]]:
    """Load hosts whose windows began at these times."""
    return [{**each, "common_start_s": s} for each, s in zip(load_hosts("a", "b"), at_s, strict=True)]


def test_windows_that_begin_nearly_together_are_one() -> None:
    load = assemble(observed(), begun(0.0, 0.2), 10.0).load
    assert load is not None
    assert load.problem is None


def test_load_hosts_whose_windows_do_not_coincide_are_a_problem() -> None:
    load = assemble(observed(), begun(2.0, 0.0), 10.0).load
    assert load is not None
    assert load.problem == "the windows of the 2 load hosts began 2.00 s apart"


def test_k6s_messages_are_kept_by_part_and_host(tmp_path: Path) -> None:
    broken = {**K6, "problem": "k6 ended with status 107", "messages": "no such variable"}
    measured = trial(tmp_path, script(load={**WARMED, **LOADED, "load": broken, "clean": False}))
    assert measured.k6_log == "load 0:\nno such variable\n"
