"""Turns a round's cells into the variables of its playbook, and the playbook's events back into measurements."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from benchmark_lab.bundle import BundledScenario, Cell, Load, Role
from benchmark_lab.run import (
    DatabaseObservation,
    HostObservation,
    LoadObservation,
    Measurement,
    ServerObservation,
    UpstreamObservation,
)
from benchmark_lab.runtime.ansible import Event
from benchmark_lab.statistics.merge import merge_hosts, merge_loads

UPSTREAM_OPERATION = "getExternal"
"""The operation that calls the simulated external API."""
DATABASE_OPERATIONS = frozenset({"listUsers", "getUser", "createUser", "replaceUser"})
"""The operations that use the database."""

APART_S = 0.25
"""How far apart the windows of several load hosts may begin: k6's starts differ by 0.03 s, and clocks are not exact.

By as great a share of the window the sum of their rates may exceed what is served.
"""


@dataclass(frozen=True, slots=True)
class Measured:
    """One trial as the hosts reported it, and the logs that it left."""

    position: int
    started_at: str
    measurement: Measurement
    server_log: str
    k6_log: str


def server_variables(cell: Cell, build: str) -> dict[str, object]:
    """What the role `server` needs to start this cell's server."""
    command = [part.replace("{build}", build) for part in cell.command]
    return {"command": command, "build": build, "env": cell.env, "helpers": cell.helper_processes}


def arriving(cell: Cell, load: Load) -> Cell:
    """The cell with what its scenario needs to know of the arrivals."""
    if load.arrivals == "uniform":
        return cell
    return cell.model_copy(update={"k6_env": {**cell.k6_env, "ARRIVALS": load.arrivals}})


def round_variables(
    cells: Sequence[Cell],
    builds: Mapping[str, str],
    scenarios: Mapping[str, BundledScenario],
    *,
    written: bool,
    k6_options: Mapping[str, Mapping[str, object]],
) -> list[dict[str, object]]:
    """The value of `trial_round`: the cells in their order.

    Args:
        cells: the round's cells.
        builds: the folder of each implementation's build.
        scenarios: by name.
        written: whether something may have written to the database since it was last made anew; a trial after that
            starts with a fresh one.
        k6_options: by cell id, what k6 is to do: `warmup` and `measure` (k6's options), `warmup_s` and `measure_s`.
    """
    trials: list[dict[str, object]] = []
    for position, cell in enumerate(cells):
        scenario = scenarios[cell.scenario]
        upstream = cell.upstream if UPSTREAM_OPERATION in scenario.endpoints else None
        trial = {
            "trial": str(position),
            "reset": written,
            "cell": server_variables(cell, builds[cell.implementation]),
            "script": scenario.script,
            "k6": k6_options[cell.id],
            "k6_env": cell.k6_env,
            "upstream": upstream,
            "observe": {
                "database": not DATABASE_OPERATIONS.isdisjoint(scenario.endpoints),
                "upstream": upstream is not None,
                "rows": scenario.writes,
            },
        }
        trials.append(trial)
        written = scenario.writes
    return trials


@dataclass(slots=True)
class TrialAssembler:
    """Gathers the results of a trial's tasks and hands the trial over with its last one, the server's observation."""

    on_measured: Callable[[Measured], None]
    now: Callable[[], datetime]
    _parts: dict[str, Mapping[str, object]] = field(default_factory=dict)
    _loads: dict[str, dict[str, object]] = field(default_factory=dict)
    """By load host, of several of which each reports its warm-up first."""
    _started_at: str = ""
    _began_s: float | None = None

    def __call__(self, event: Event) -> None:
        """Take one event of the round's playbook."""
        if event.kind == "task" and event.action in ("database", "server") and self._began_s is None:
            self._began_s, self._started_at = event.monotonic_s, self.now().isoformat(timespec="milliseconds")
        trial = event.result.get("trial")
        if event.kind != "ok" or not isinstance(trial, str) or not trial:
            return
        if event.action == "load":
            self._loads.setdefault(event.host, {}).update(event.result)
            return
        part = f"{event.action}-{event.result.get('state')}"
        self._parts[part] = event.result
        if part == "server-observed":
            measured = self._hand_over(int(trial), event.monotonic_s)
            self._parts, self._loads, self._began_s = {}, {}, None
            self.on_measured(measured)

    def _hand_over(self, position: int, ended_s: float) -> Measured:
        loads = [self._loads[host] for host in sorted(self._loads)]
        measurement = assemble(self._parts, loads, ended_s - (self._began_s or ended_s))
        return Measured(
            position=position,
            started_at=self._started_at,
            measurement=measurement,
            server_log=measurement.server.log_tail,
            k6_log=_k6_log(loads),
        )


def assemble(
    parts: Mapping[str, Mapping[str, object]], loads: Sequence[Mapping[str, object]], wall_s: float
) -> Measurement:
    """The measurement of one trial, from the results of its tasks.

    Args:
        parts: `server-started`, `database-observed` and `server-observed`, as far as they ran.
        loads: what each load host reported, the first host first; none where the load was not run.
        wall_s: from the begin of the trial's first task to the end of its last.
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
    """The load of all hosts in one; CPUs that several of them share count once."""
    observations = [LoadObservation.model_validate(found) for load in loads if (found := load.get(part))]
    if not observations:
        return None
    cpus = {cpu for load in loads if isinstance(found := load.get("cpu_ids"), list) for cpu in found}
    merged = merge_loads(observations)
    return merged.model_copy(update={"cpus": len(cpus) or merged.cpus, "processes": len(observations)})


def _apart(loads: Sequence[Mapping[str, object]]) -> str | None:
    """Why the windows of several hosts are not one: each had the server to itself for a while."""
    starts = [start for load in loads if isinstance(start := load.get("common_start_s"), float)]
    apart_s = max(starts, default=0.0) - min(starts, default=0.0)
    if apart_s <= APART_S:
        return None
    return f"the windows of the {len(loads)} load hosts began {apart_s:.2f} s apart"


def _upstream(counted: object, used: object) -> UpstreamObservation | None:
    """What it counted itself, and what its host saw it use; None where the scenario does not call it."""
    if not isinstance(counted, Mapping):
        return None
    return UpstreamObservation.model_validate({**(used if isinstance(used, Mapping) else {}), **counted})


def _hosts(parts: Mapping[Role, Sequence[Mapping[str, object]]]) -> dict[Role, HostObservation]:
    """What each role's hosts counted, in sum; those that are one machine counted the same."""
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
