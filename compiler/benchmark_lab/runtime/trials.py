"""Turns a round's cells into the variables of its playbook, and the playbook's events back into measurements."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from benchmark_lab.bundle import BundledScenario, Cell
from benchmark_lab.run import DatabaseObservation, LoadObservation, Measurement, ServerObservation, UpstreamObservation
from benchmark_lab.runtime.ansible import Event

UPSTREAM_OPERATION = "getExternal"
"""The operation that calls the simulated external API."""


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


def round_variables(
    cells: Sequence[Cell], builds: Mapping[str, str], scenarios: Mapping[str, BundledScenario], *, written: bool
) -> list[dict[str, object]]:
    """The value of `trial_round`: the cells in their order.

    Args:
        cells: the round's cells.
        builds: the folder of each implementation's build.
        scenarios: by name.
        written: whether something may have written to the database since it was last made anew; a trial after that
            starts with a fresh one.
    """
    trials: list[dict[str, object]] = []
    for position, cell in enumerate(cells):
        scenario = scenarios[cell.scenario]
        server = server_variables(cell, builds[cell.implementation])
        trial = {"trial": str(position), "reset": written, "cell": server, "script": scenario.script}
        upstream = cell.upstream if UPSTREAM_OPERATION in scenario.endpoints else None
        trials.append({**trial, "k6_env": cell.k6_env, "upstream": upstream})
        written = scenario.writes
    return trials


@dataclass(slots=True)
class TrialAssembler:
    """Gathers the results of a trial's tasks and hands the trial over with its last one, the server's observation."""

    on_measured: Callable[[Measured], None]
    now: Callable[[], datetime]
    _parts: dict[str, Mapping[str, object]] = field(default_factory=dict)
    _started_at: str = ""
    _began_s: float | None = None

    def __call__(self, event: Event) -> None:
        """Take one event of the round's playbook."""
        if event.kind == "task" and event.action in ("database", "server") and self._began_s is None:
            self._began_s, self._started_at = event.monotonic_s, self.now().isoformat(timespec="milliseconds")
        trial = event.result.get("trial")
        if event.kind != "ok" or not isinstance(trial, str) or not trial:
            return
        part = _part_of(event)
        self._parts[part] = event.result
        if part == "observed":
            measured = self._hand_over(int(trial), event.monotonic_s)
            self._parts, self._began_s = {}, None
            self.on_measured(measured)

    def _hand_over(self, position: int, ended_s: float) -> Measured:
        measurement = assemble(self._parts, ended_s - (self._began_s or ended_s))
        return Measured(
            position=position,
            started_at=self._started_at,
            measurement=measurement,
            server_log=measurement.server.log_tail,
            k6_log=_k6_log(self._parts.get("load", {})),
        )


def _part_of(event: Event) -> str:
    state = event.result.get("state")
    return state if isinstance(state, str) else event.action


def assemble(parts: Mapping[str, Mapping[str, object]], wall_s: float) -> Measurement:
    """The measurement of one trial, from the results of its tasks by their part in it.

    Args:
        parts: `started`, `load`, `checked` and `observed`, as far as they ran.
        wall_s: from the begin of the trial's first task to the end of its last.
    """
    started, load, checked = parts.get("started", {}), parts.get("load", {}), parts.get("checked")
    warmup = LoadObservation.model_validate(load["warmup"]) if "warmup" in load else None
    window = LoadObservation.model_validate(load["load"]) if "load" in load else None
    server = {**started, **parts.get("observed", {})}
    if started.get("problem"):  # what the observation adds is only a consequence
        server.update(problem=started["problem"], log_tail=started.get("log_tail", ""))
    loaded_s = (warmup.wall_s if warmup else 0.0) + (window.wall_s if window else 0.0)
    return Measurement(
        server=ServerObservation.model_validate(server),
        warmup=warmup,
        load=window,
        database=DatabaseObservation.model_validate(checked) if checked is not None else None,
        upstream=UpstreamObservation.model_validate(load["upstream"]) if "upstream" in load else None,
        overhead_s=max(0.0, wall_s - loaded_s),
    )


def _k6_log(load: Mapping[str, object]) -> str:
    texts = []
    for part in ("warmup", "load"):
        observed = load.get(part)
        if isinstance(observed, Mapping) and observed.get("messages"):
            texts.append(f"{part}:\n{observed['messages']}\n")
    return "".join(texts)
