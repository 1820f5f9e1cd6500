"""Measures what generator and database can do at most for each cell, before anything is measured with them.

k6 runs the cell's own scenario against a server that answers at once, and pgbench the scenario's statements, on the
same hosts (METHOD 11).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from math import ceil

from benchmark_lab.apply.trials import carry_out
from benchmark_lab.bundle import BundledScenario, Cell, Load, Thresholds
from benchmark_lab.hosts.prepared import Hosts
from benchmark_lab.loads import POISSON_SPREAD_S, open_load
from benchmark_lab.records import Calibration, LoadObservation, Measurement

NULL_SERVER = "null-server"
"""The name of its build."""
VUS = 32
"""Enough virtual users to keep the generator's CPUs busy while answers take no time."""
MORE_THAN_A_CPU_CAN_RPS = 12_000
"""An open load that no CPU of a generator keeps up with: what it completes is what it can do."""
POISSON_RPS = 6_000
"""Likewise of Poisson arrivals, of which k6 does fewer: each waits in a virtual user of its own."""
WARMUP_S, WINDOW_S = 1, 2
FEWEST_CONNECTIONS = 16
"""For the database's own limit is not that of a small pool."""
FEW_VUS = 4
"""For uploads, whose bodies each virtual user holds in memory."""
ATTEMPTS = 2
FULL = 0.85
"""Share of its CPUs from which on the null server, and not the generator, may be what the rate comes from."""


def calibrate(
    hosts: Hosts, cells: Sequence[Cell], scenarios: Sequence[BundledScenario], seed: int, *, poisson: bool = False
) -> tuple[dict[str, Calibration], list[str]]:
    """The calibration of each cell, by id, and notes on what failed twice; cells with the same work share one.

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
        first.setdefault(_work(cell), cell)
    found: dict[tuple[object, ...], Calibration] = {}
    failed: dict[tuple[object, ...], str] = {}
    for _ in range(ATTEMPTS):
        left = {work: cell for work, cell in first.items() if work not in found}
        if not left:
            break
        loads = {cell.id: _load(cell, by_name[cell.scenario], hosts, poisson=poisson) for cell in left.values()}
        measured = _load_nothing(hosts, [*left.values()], by_name, loads, seed)
        for (work, cell), measurement in zip(left.items(), measured, strict=True):
            if problem := problem_of(measurement):
                failed[work] = f"{cell.scenario} on {cell.hardware}: {problem}"
            else:
                found[work] = calibration_of(measurement, loads[cell.id])
    tps = _calibrate_database(hosts, cells, by_name)
    calibrations = {
        cell.id: found.get(_work(cell), Calibration()).model_copy(update={"database_tps": tps.get(cell.id)})
        for cell in cells
    }
    unknown = (said for work, said in failed.items() if work not in found)
    return calibrations, [
        f"The generator could not be calibrated with {said}. Its share of what it can send is not checked there."
        for said in unknown
    ]


def _load_nothing(
    hosts: Hosts,
    cells: Sequence[Cell],
    scenarios: Mapping[str, BundledScenario],
    loads: Mapping[str, Load],
    seed: int,
) -> list[Measurement]:
    """What each cell's load, by its id, came to against the null server."""
    clock_offsets_s = hosts.site.clock_offsets_s()
    return [
        carry_out(
            hosts,
            served_by_nothing(cell),
            loads[cell.id],
            scenarios[cell.scenario],
            seed=seed,
            reset=False,
            clock_offsets_s=clock_offsets_s,
            now=lambda: datetime.now(UTC),
        ).measurement
        for cell in cells
    ]


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
        pool = max(FEWEST_CONNECTIONS, cell.pool_size)
        named[cell.id] = (script, pool, *sorted(variables.items()))
        work = {"name": str(named[cell.id]), "script": script, "variables": variables, "connections": pool}
        benchmarks.setdefault(named[cell.id], work)
    if not benchmarks:
        return {}
    tps = hosts.ask_one("db", "benchmark-database", benchmarks=[*benchmarks.values()])["tps"]
    if not isinstance(tps, dict):
        raise TypeError(tps)
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
    uploads = any(operation.uploads for operation in scenario.operations.values())
    vus = (FEW_VUS if uploads else VUS) * hosts.load_hosts
    if cell.load_model == "closed":
        return Load(model="closed", vus=vus, warmup_s=WARMUP_S, window_s=WINDOW_S)
    cpus = hosts.load_cpus
    if not poisson or uploads:  # beside an upload the wait for its arrival is nothing, and virtual users hold its body
        return open_load(MORE_THAN_A_CPU_CAN_RPS * cpus, vus=vus, warmup_s=WARMUP_S, window_s=WINDOW_S)
    rate = POISSON_RPS * cpus
    timing = {"warmup_s": WARMUP_S, "window_s": WINDOW_S}
    waiting = ceil(rate * POISSON_SPREAD_S / 2)
    return Load(model="open", vus=vus + waiting, arrival_rate_rps=rate, arrivals="poisson", **timing)


def problem_of(measurement: Measurement) -> str | None:
    """Why a load of the null server tells nothing of the generator; a few failed requests cost it what others do."""
    k6 = measurement.load
    if problem := measurement.server.problem or (k6 and k6.problem):
        return problem
    if k6 is None or not (k6.requests and k6.window_taken_s):
        return "no request was completed"
    if k6.failed_requests > k6.requests * Thresholds().errors:
        kinds = ", ".join(f"{count:,} {kind}" for kind, count in k6.failures.items())
        return f"{k6.failed_requests:,} of {k6.requests:,} requests failed" + (f" ({kinds})" if kinds else "")
    return None


def calibration_of(measurement: Measurement, load: Load) -> Calibration:
    """What the generator can do by a load of the null server that has no problem.

    Where that server had no CPU time left, and the generator had, the rate is the server's. The generator's own then
    follows from what a request cost it, and from its CPUs as far as trials may use them (Thresholds.generator_cpu).
    """
    k6 = measurement.load or LoadObservation()
    cost_s = k6.cpu_s / k6.requests
    rps = _reached_rps(k6, load)
    if cost_s and _server_share(measurement) >= FULL and _generator_share(k6) < Thresholds().generator_cpu:
        rps = max(rps, k6.cpus * Thresholds().generator_cpu / cost_s)
    return Calibration(generator_rps=rps, generator_cpu_us_per_request=cost_s * 1e6)


def _reached_rps(k6: LoadObservation, load: Load) -> float:
    """At least so many a second: the wait for a late answer, which prolongs the window, is none of the generator's."""
    return max(k6.requests / k6.window_taken_s, (k6.requests - load.vus) / load.window_s)


def _server_share(measurement: Measurement) -> float:
    """How much of its CPU set the null server used, or its host for it: the network's work is no process's."""
    server, host = measurement.server, measurement.hosts.get("sut")
    window_taken_s = measurement.load.window_taken_s if measurement.load else 0.0
    own = server.cpu_s / (server.cpus * window_taken_s) if window_taken_s else 0.0
    return max(own, host.cpus_busy if host else 0.0)


def _generator_share(k6: LoadObservation) -> float:
    """How busy its CPU set was; where it shares the server's, that is no less."""
    return max(k6.cpu_s / (k6.cpus * k6.wall_s) if k6.wall_s else 0.0, k6.cpus_busy)
