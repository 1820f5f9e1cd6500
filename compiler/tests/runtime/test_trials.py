import json
from dataclasses import replace
from datetime import UTC, datetime

from benchmark_lab.bundle import BundledScenario
from benchmark_lab.runtime.ansible import Event, parse_event
from benchmark_lab.runtime.trials import Measured, TrialAssembler, assemble, round_variables
from tests.synthetic import cell

K6 = {"problem": None, "requests": 900, "window_s": 3.0, "wall_s": 3.2, "cpu_s": 0.3, "messages": ""}
HOST = {"cpus_busy": 0.5, "steal": 0.01, "context_switches": 10}
DATABASE = {"state": "observed", "problem": None, "cpu_s": 0.4, "cpus": 2, "transactions": 90, "host": HOST}


def event(kind: str, action: str, at_s: float, **result: object) -> Event:
    line = {"event": kind, "monotonic_s": at_s, "task": action, "action": action, "host": "h", "result": result}
    return parse_event(json.dumps(line))


def assembled(events: list[Event]) -> list[Measured]:
    found: list[Measured] = []
    assembler = TrialAssembler(found.append, lambda: datetime(2026, 1, 1, tzinfo=UTC))
    for each in events:
        assembler(each)
    return found


def whole_trial(number: str, start_s: float) -> list[Event]:
    return [
        event("task", "server", start_s),
        event("ok", "server", start_s + 1, state="started", trial=number, problem=None, ready_s=0.4, cpus=2),
        event("task", "load", start_s + 1),
        event("ok", "load", start_s + 7, trial=number, warmup={**K6, "wall_s": 2.0}, load=K6, host=HOST),
        event("task", "server", start_s + 7),
        event(
            "ok",
            "server",
            start_s + 8,
            state="observed",
            trial=number,
            problem=None,
            cpu_s=0.25,
            log_tail="hello",
            host=HOST,
        ),
    ]


def test_warm_up_and_window_that_a_host_did_apart_are_one_load() -> None:
    first, *others = whole_trial("0", 100.0)
    began, *_, observed = others
    warmed = event("ok", "load", 103, trial="0", warmup={**K6, "requests": 7})
    measured = event("ok", "load", 109, trial="0", load=K6, host=HOST)
    (found,) = assembled([first, began, warmed, measured, observed])
    assert found.measurement.warmup
    assert found.measurement.load
    assert (found.measurement.warmup.requests, found.measurement.load.requests) == (7, 900)


def test_a_trial_is_handed_over_with_its_last_task_and_the_next_starts_afresh() -> None:
    first, second = assembled(whole_trial("0", 100.0) + whole_trial("1", 108.0))
    assert (first.position, second.position) == (0, 1)
    assert first.measurement.server.cpu_s == 0.25
    assert first.measurement.server.ready_s == 0.4
    assert first.measurement.server.cpus == 2
    assert first.measurement.load is not None
    assert first.measurement.load.requests == 900
    assert round(first.measurement.overhead_s, 6) == 8.0 - 2.0 - 3.2
    assert first.server_log == "hello"


def test_a_server_that_did_not_start_keeps_its_own_reason() -> None:
    events = [
        event("task", "server", 0.0),
        event("ok", "server", 9.0, state="started", trial="0", problem="not ready within 9 s", log_tail="Traceback"),
        event("ok", "database", 9.5, state="observed", trial="0", problem=None),
        event("ok", "server", 10.0, state="observed", trial="0", problem="no server of the name sut was started"),
    ]
    (measured,) = assembled(events)
    assert measured.measurement.server.problem == "not ready within 9 s"
    assert measured.server_log == "Traceback"
    assert measured.measurement.load is None
    assert measured.measurement.database is not None


def test_an_unfinished_trial_is_no_trial() -> None:
    assert assembled(whole_trial("0", 0.0)[:-1]) == []


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


def boxes(*machines: str) -> list[dict[str, object]]:
    """Two CPUs on each machine; load boxes on one machine share them."""
    return [{**LOAD, "machine": of, "cpu_ids": [f"{of}/0", f"{of}/1"], "load": {**K6, "cpus": 2}} for of in machines]


def test_load_boxes_on_machines_of_their_own_have_the_cpus_of_all() -> None:
    measurement = assemble(observed(), boxes("a", "b"), 10.0)
    load = measurement.load
    assert load is not None
    assert (load.requests, load.cpus, load.processes, load.cpu_s) == (1800, 4, 2, 0.6)
    assert measurement.hosts["load"].context_switches == 20
    assert measurement.hosts["load"].cpus_busy == 0.5


def test_every_host_that_has_notice_is_counted() -> None:
    ending: list[dict[str, object]] = [
        {**box, "host": {**HOST, "notices": 1, "allowance_exceeded": 3}} for box in boxes("a", "b")
    ]
    hosts = assemble(observed(host={**HOST, "notices": 0}), ending, 10.0).hosts
    assert {role: (host.notices, host.allowance_exceeded) for role, host in hosts.items() if role != "db"} == {
        "sut": (0, 0),
        "load": (2, 6),
    }


def test_load_boxes_on_one_machine_share_its_cpus_and_its_counters() -> None:
    measurement = assemble(observed(), boxes("a", "a"), 10.0)
    load = measurement.load
    assert load is not None
    assert (load.requests, load.cpus, load.processes) == (1800, 2, 2)
    assert measurement.hosts["load"].context_switches == 10


def begun(*at_s: float) -> list[dict[str, object]]:
    """Load boxes whose windows began at these times."""
    return [{**box, "common_start_s": s} for box, s in zip(boxes("a", "b"), at_s, strict=True)]


def test_windows_that_begin_nearly_together_are_one() -> None:
    load = assemble(observed(), begun(0.0, 0.2), 10.0).load
    assert load is not None
    assert load.problem is None


def test_load_boxes_whose_windows_do_not_coincide_are_a_problem() -> None:
    load = assemble(observed(), begun(2.0, 0.0), 10.0).load
    assert load is not None
    assert load.problem == "the windows of the 2 load hosts began 2.00 s apart"


def test_the_trial_of_several_load_boxes_waits_for_all_of_them() -> None:
    events = whole_trial("0", 0.0)
    second = event("ok", "load", 7.1, trial="0", warmup=K6, load={**K6, "requests": 100}, host=HOST)
    events.insert(4, replace(second, host="load-1"))
    (measured,) = assembled(events)
    assert measured.measurement.load is not None
    assert measured.measurement.load.requests == 1000


def test_k6s_messages_are_kept_by_part_and_host() -> None:
    events = whole_trial("0", 0.0)
    broken = {**K6, "problem": "k6 ended with status 107", "messages": "no such variable"}
    events[3] = event("ok", "load", 7.0, trial="0", warmup=K6, load=broken)
    (measured,) = assembled(events)
    assert measured.k6_log == "load 0:\nno such variable\n"


def scenario(name: str, *endpoints: str, writes: bool = False) -> BundledScenario:
    return BundledScenario(name=name, script=f"{name}.js", endpoints=endpoints, measures="it", writes=writes)


def test_a_trial_is_told_what_k6_does_and_what_to_observe() -> None:
    cells = [cell("go-fiber", "light"), cell("go-fiber", "write"), cell("go-fiber", "external")]
    scenarios = [
        scenario("light", "getHealth"),
        scenario("write", "createUser", writes=True),
        scenario("external", "getExternal"),
    ]
    trials = round_variables(
        cells,
        {"go-fiber": "/builds/go-fiber"},
        {each.name: each for each in scenarios},
        written=False,
        k6_options={each.id: {"measure_s": number} for number, each in enumerate(cells)},
    )
    assert [trial["k6"] for trial in trials] == [{"measure_s": 0}, {"measure_s": 1}, {"measure_s": 2}]
    assert [trial["reset"] for trial in trials] == [False, False, True]
    assert [trial["observe"] for trial in trials] == [
        {"database": False, "upstream": False, "rows": False},
        {"database": True, "upstream": False, "rows": True},
        {"database": False, "upstream": True, "rows": False},
    ]
