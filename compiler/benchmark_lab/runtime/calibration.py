"""Measures what generator and database can do at most for each cell, before anything is measured with them.

k6 runs the cell's own scenario against a server that answers at once, and pgbench the scenario's statements, on the
same hosts (METHOD 11).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from math import ceil

from benchmark_lab.bundle import BundledScenario, Cell, Load
from benchmark_lab.generator import POISSON_SPREAD_S, k6_load, open_load
from benchmark_lab.run import Calibration
from benchmark_lab.runtime.ansible import Event
from benchmark_lab.runtime.hosts import Hosts
from benchmark_lab.runtime.trials import Measured, TrialAssembler, arriving, round_variables

NULL_SERVER = "null-server"
"""The name of its build."""
VUS = 32
"""Enough virtual users to keep the generator's CPUs busy while answers take no time."""
MORE_THAN_A_CPU_CAN_RPS = 12_000
"""An open load that no CPU of a generator keeps up with: what it completes is what it can do."""
POISSON_RPS = 6_000
"""Likewise of Poisson arrivals, of which k6 does fewer: each waits in a virtual user of its own."""
WARMUP_S, MEASURE_S = 1, 2
UPLOAD = "postUpload"
FEWEST_CONNECTIONS = 16
"""For the database's own limit is not that of a small pool."""
FEW_VUS = 4
"""For uploads, whose bodies each virtual user holds in memory."""


def calibrate(
    hosts: Hosts, cells: Sequence[Cell], scenarios: Sequence[BundledScenario], seed: int, *, poisson: bool = False
) -> dict[str, Calibration]:
    """The calibration of each cell, by id; cells with the same work share one.

    Args:
        hosts: that will measure the cells.
        cells: to be measured.
        scenarios: of the experiment.
        seed: what the inputs of the requests are drawn from.
        poisson: whether the arrivals of an open load come as independent users would.

    Raises:
        ToolFailedError: if a host failed.
    """
    by_name = {scenario.name: scenario for scenario in scenarios}
    first: dict[tuple[object, ...], Cell] = {}
    for cell in cells:
        first.setdefault(_work(cell), served_by_nothing(cell))
    alone = [*first.values()]
    found: dict[tuple[object, ...], Calibration] = {}

    def on_measured(measured: Measured) -> None:
        found[[*first][measured.position]] = calibration_of(measured)

    loads = {cell.id: _load(cell, by_name[cell.scenario], hosts, poisson=poisson) for cell in alone}
    hosts.play(
        "round",
        {
            "trial_round": round_variables(
                [arriving(cell, loads[cell.id]) for cell in alone],
                hosts.builds,
                by_name,
                written=False,
                k6_options={cell: asdict(k6_load(load)) for cell, load in loads.items()},
            ),
            "trial_seed": seed,
        },
        TrialAssembler(on_measured, lambda: datetime.now(UTC)),
        label=f"calibrate-{cells[0].hardware}",
    )
    tps = _calibrate_database(hosts, cells, by_name)
    return {
        cell.id: found.get(_work(cell), Calibration()).model_copy(update={"database_tps": tps.get(cell.id)})
        for cell in cells
    }


def _calibrate_database(
    hosts: Hosts, cells: Sequence[Cell], scenarios: Mapping[str, BundledScenario]
) -> dict[str, float]:
    """Transactions a second of the scenario's statements, by the cell's id, where there are such statements."""
    benchmarks: dict[tuple[object, ...], dict[str, object]] = {}
    named: dict[str, tuple[object, ...]] = {}
    for cell in cells:
        script = scenarios[cell.scenario].pgbench
        if script is None:
            continue
        variables = {name: value for name, value in cell.parameters.items() if isinstance(value, int | float)}
        pool = max(FEWEST_CONNECTIONS, int(cell.env["DB_POOL_TOTAL"]))
        named[cell.id] = (script, pool, *sorted(variables.items()))
        work = {"name": str(named[cell.id]), "script": script, "variables": variables, "connections": pool}
        benchmarks.setdefault(named[cell.id], work)
    if not benchmarks:
        return {}
    tps: dict[str, float] = {}

    def on_event(event: Event) -> None:
        match event.kind, event.result:
            case "ok", {"tps": dict(measured)}:
                tps.update(measured)
            case _:
                pass

    hosts.play("calibrate", {"calibration_benchmarks": [*benchmarks.values()]}, on_event)
    return {cell: tps[str(work)] for cell, work in named.items() if str(work) in tps}


def _work(cell: Cell) -> tuple[object, ...]:
    """What k6 does for the cell, whoever answers; an open load costs it more than a closed one."""
    return (cell.scenario, cell.load_model, *sorted(cell.k6_env.items()))


def served_by_nothing(cell: Cell) -> Cell:
    """The cell with a server that answers at once and does nothing; its answers are not asked to be right."""
    return cell.model_copy(
        update={
            "id": f"{NULL_SERVER}.{cell.id}",
            "implementation": NULL_SERVER,
            "command": (f"{{build}}/{NULL_SERVER}", "-listen={host}:{port}"),
            "env": {},
            "helper_processes": (),
            "k6_env": {**cell.k6_env, "UNCHECKED": "true"},
        }
    )


def _load(cell: Cell, scenario: BundledScenario, hosts: Hosts, *, poisson: bool) -> Load:
    uploads = UPLOAD in scenario.endpoints
    vus = (FEW_VUS if uploads else VUS) * hosts.load_boxes
    if cell.load_model == "closed":
        return Load(model="closed", vus=vus, warmup_s=WARMUP_S, measure_s=MEASURE_S)
    cpus = len(hosts.cpus.load) * hosts.load_boxes
    if not poisson or uploads:  # beside an upload the wait for its arrival is nothing, and virtual users hold its body
        return open_load(MORE_THAN_A_CPU_CAN_RPS * cpus, vus=vus, warmup_s=WARMUP_S, measure_s=MEASURE_S)
    rate = POISSON_RPS * cpus
    timing = {"warmup_s": WARMUP_S, "measure_s": MEASURE_S}
    waiting = ceil(rate * POISSON_SPREAD_S / 2)
    return Load(model="open", vus=vus + waiting, rate_per_s=rate, arrivals="poisson", **timing)


def calibration_of(measured: Measured) -> Calibration:
    """What the generator did against the null server; nothing where a request failed, for refusals cost it little."""
    k6 = measured.measurement.load
    if k6 is None or k6.problem or k6.failed_requests or not (k6.requests and k6.window_s):
        return Calibration()
    return Calibration(
        generator_rps=k6.requests / k6.window_s, generator_cpu_us_per_request=k6.cpu_s / k6.requests * 1e6
    )
