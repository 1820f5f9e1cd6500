"""Carries one trial out by orders to the hosts' stations, and makes a measurement of the stations' answers."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime

from benchmark_lab.apply.k6_options import k6_load
from benchmark_lab.bundle import BundledScenario, Cell, Load, Role, using
from benchmark_lab.hosts.prepared import Hosts
from benchmark_lab.hosts.stations import Order, StationAnswer
from benchmark_lab.loads import lead_s
from benchmark_lab.records import (
    DatabaseObservation,
    HostObservation,
    LoadObservation,
    Measured,
    Measurement,
    ServerObservation,
    UpstreamObservation,
)
from benchmark_lab.statistics.merge import merge_hosts, merge_loads

APART_S = 0.25
"""Seconds by which the begins of several load hosts' windows may differ at most.

k6's starts differ by 0.03 s, and clocks are not exact. The sum of the load hosts' rates may exceed what is served by
the share of the window that these seconds are.
"""


def server_order(hosts: Hosts, cell: Cell) -> dict[str, object]:
    """Return the parameters of the order to serve this cell on its built implementation."""
    build = hosts.builds[cell.implementation]
    argv = [part.replace("{build}", build) for part in cell.command]
    path = hosts.programs_of(cell.implementation)
    return {"argv": argv, "cwd": build, "env": cell.env, "path": path, "helpers": cell.helper_processes}


def carry_out(
    hosts: Hosts,
    cell: Cell,
    load: Load,
    scenario: BundledScenario,
    *,
    seed: int,
    reset: bool,
    clock_offsets_s: Mapping[str, float],
    now: Callable[[], datetime],
) -> Measured:
    """Serve the cell afresh, load the server, and observe what the hosts did in the window.

    Args:
        hosts: the hosts of a lane.
        cell: the cell that is measured.
        load: the load on the cell's server.
        scenario: the scenario of the cell.
        seed: the seed that the inputs of the requests are drawn from.
        reset: True if the database is first made anew.
        clock_offsets_s: the seconds by host that the host's monotonic clock is ahead of the first load host's clock.
        now: the function that returns the time of day.

    Raises:
        ToolFailedError: if a host failed.
    """
    began_s, started_at = time.monotonic(), now().isoformat(timespec="milliseconds")
    if reset:
        hosts.ask_one("db", "reset-database")
    upstream = cell.upstream if using("upstream", scenario.operations) else None
    port = hosts.ask_one("sut", "choose-port")["port"]
    arrivals = {} if load.arrivals == "uniform" else {"ARRIVALS": load.arrivals}
    base_url = f"http://{hosts.site.address('sut')}:{port}"
    order = {
        **asdict(k6_load(load)),
        "script": scenario.script,
        "env": {"BASE_URL": base_url, "SEED": str(seed), **cell.k6_env, **arrivals},
        "upstream_settings": upstream,
    }
    server = {**server_order(hosts, cell), "port": port}
    started, loads = _loaded(hosts, server, order, clock_offsets_s)
    parts = {"server-started": started}
    failed = not loads or not all(answer.get("clean") for answer in loads.values())
    asks_database = failed or upstream is not None or using("database", scenario.operations)
    parts |= _observed(
        hosts,
        next(iter(loads.values()), {}),
        clock_offsets_s,
        helpers=cell.helper_processes,
        database={"tables": scenario.tables} if asks_database else None,
    )
    measurement = assemble(parts, [*loads.values()], time.monotonic() - began_s)
    return Measured(started_at, measurement, measurement.server.log_tail, _k6_log([*loads.values()]))


def _loaded(
    hosts: Hosts, server: Mapping[str, object], load: Mapping[str, object], clock_offsets_s: Mapping[str, float]
) -> tuple[StationAnswer, dict[str, StationAnswer]]:
    """Start and load the server, and return what the server's host reported of the start, and the load hosts' reports.

    The reports of the load hosts are by host, the first host first; there are no such reports if the load never began.
    k6 gets ready while the server starts. Several load hosts share the load, and begin each part together. The window
    begins once all load hosts have warmed the server up.
    """
    sut, names = hosts.names["sut"][0], hosts.names["load"]
    orders = {
        name: Order(
            "load", {**load, "segment": number, "segments": len(names), "ahead_s": clock_offsets_s.get(name, 0.0)}
        )
        for number, name in enumerate(names)
    }

    def begin(waiting: Mapping[str, StationAnswer], *, together: bool) -> dict[str, StationAnswer]:
        """Let all waiting load hosts go on, or none of the waiting hosts; return the answer of each host."""
        at_s = (time.time() + lead_s(len(names)) if len(names) > 1 else 0.0) if together else None
        go = Order("begin", {"begin_at_s": at_s})
        return {**waiting, **hosts.ask({name: go for name, answer in waiting.items() if answer.get("waits")})}

    ready = hosts.ask({sut: Order("serve", server), **orders})
    started = ready.pop(sut)
    if started["problem"] is not None:
        begin(ready, together=False)
        return started, {}
    warmed = begin(ready, together=True)
    if len(names) == 1:
        return started, warmed
    measured = begin(warmed, together=all(answer.get("waits") for answer in warmed.values()))
    return started, {name: {**warmed[name], **measured[name]} for name in names}


def _observed(
    hosts: Hosts,
    window: StationAnswer,
    clock_offsets_s: Mapping[str, float],
    *,
    helpers: Sequence[str],
    database: Mapping[str, object] | None,
) -> dict[str, StationAnswer]:
    """Return what server and database did in the window of the first load host.

    `window` is empty where the load was not run.
    """

    def within(host: str) -> dict[str, float]:
        ends = {name: window.get(name) for name in ("start_s", "end_s")}
        ahead_s = clock_offsets_s.get(host, 0.0)
        return {name: end + ahead_s if isinstance(end, float) else 0.0 for name, end in ends.items()}

    server, db = hosts.names["sut"][0], hosts.names["db"][0]
    orders = {server: Order("observe-server", {**within(server), "helpers": helpers})}
    if database is not None:
        orders[db] = Order("observe-database", {**within(db), **database})
    answers = hosts.ask(orders)
    named = {server: "server-observed", db: "database-observed"}
    return {named[host]: answer for host, answer in answers.items()}


def assemble(
    parts: Mapping[str, Mapping[str, object]], loads: Sequence[Mapping[str, object]], wall_s: float
) -> Measurement:
    """Return the measurement of one trial, made from the answers of the trial's hosts.

    Args:
        parts: the answers `server-started`, `server-observed` and, if the database was observed, `database-observed`.
        loads: the report of each load host, the first host first; no reports where the load was not run.
        wall_s: the seconds from the trial's first order to the trial's last answer.
    """
    started, observed = parts.get("server-started", {}), parts.get("server-observed", {})
    database = parts.get("database-observed")
    server = {**started, **observed}
    if started.get("problem"):  # what the observation adds is only a consequence
        server.update(problem=started["problem"], log_tail=started.get("log_tail", ""))
    warmup, window = _merged(loads, "warmup"), _merged(loads, "load")
    if window and not window.problem:
        window = window.model_copy(update={"problem": _apart(loads)})
    loaded_s = (warmup.wall_s if warmup else 0.0) + (window.wall_s if window else 0.0)
    return Measurement(
        server=ServerObservation.model_validate(server),
        warmup=warmup,
        load=window,
        database=DatabaseObservation.model_validate(database) if database is not None else None,
        upstream=_upstream(next((load.get("upstream") for load in loads), None), (database or {}).get("upstream")),
        hosts=_hosts({"sut": [observed], "load": loads, "db": [database or {}]}),
        overhead_s=max(0.0, wall_s - loaded_s),
    )


def _merged(loads: Sequence[Mapping[str, object]], part: str) -> LoadObservation | None:
    """Return the loads of all hosts as one observation; CPUs that several hosts share count once."""
    observations = [LoadObservation.model_validate(found) for load in loads if (found := load.get(part))]
    if not observations:
        return None
    cpus = {cpu for load in loads if isinstance(found := load.get("cpu_ids"), list) for cpu in found}
    merged = merge_loads(observations)
    return merged.model_copy(update={"cpus": len(cpus) or merged.cpus, "processes": len(observations)})


def _apart(loads: Sequence[Mapping[str, object]]) -> str | None:
    """Return why the windows of several load hosts are not one window; None where the windows are one.

    Each load host had the server to itself for a while where the windows began apart.
    """
    starts = [start for load in loads if isinstance(start := load.get("common_start_s"), float)]
    apart_s = max(starts, default=0.0) - min(starts, default=0.0)
    if apart_s <= APART_S:
        return None
    return f"the windows of the {len(loads)} load hosts began {apart_s:.2f} s apart"


def _upstream(counted: object, used: object) -> UpstreamObservation | None:
    """Return what the upstream counted itself, and what the upstream's host saw the upstream use.

    The result is None where the scenario does not call the upstream.
    """
    if not isinstance(counted, Mapping):
        return None
    return UpstreamObservation.model_validate({**(used if isinstance(used, Mapping) else {}), **counted})


def _hosts(parts: Mapping[Role, Sequence[Mapping[str, object]]]) -> dict[Role, HostObservation]:
    """Return the sum of what each role's hosts counted.

    Hosts that are one machine counted the same, so that machine counts once.
    """
    found: dict[Role, HostObservation] = {}
    for role, seen in parts.items():
        machines = {str(part.get("machine", "")): part["host"] for part in seen if part.get("host")}
        if machines:
            found[role] = merge_hosts([HostObservation.model_validate(host) for host in machines.values()])
    return found


def _k6_log(loads: Sequence[Mapping[str, object]]) -> str:
    said = (
        (part, number, found["messages"])
        for part in ("warmup", "load")
        for number, load in enumerate(loads)
        if isinstance(found := load.get(part), Mapping) and found.get("messages")
    )
    return "".join(f"{part} {number}:\n{messages}\n" for part, number, messages in said)
