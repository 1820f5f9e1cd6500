"""Measures what generator and database can do at most for each cell, before anything is measured with them.

k6 runs the cell's own scenario against a server that answers at once. pgbench runs the scenario's statements. Both
run on the hosts that will measure the cells (METHOD 11).
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
"""Name of the null server's build."""
VUS = 32
"""Virtual users of each load host: enough to keep the generator's CPUs busy while answers take no time."""
MORE_THAN_A_CPU_CAN_RPS = 12_000
"""Requests a second of an open load that no CPU of a generator keeps up with.

What the generator completes of such a load is what the generator can do.
"""
POISSON_RPS = 6_000
"""Requests a second of an open load with Poisson arrivals that no CPU of a generator keeps up with.

k6 does fewer Poisson arrivals than uniform arrivals: each Poisson arrival waits in a virtual user of its own.
"""
WARMUP_S, WINDOW_S = 1, 2
FEWEST_CONNECTIONS = 16
"""Fewest connections of pgbench, because the limit of a small pool is not the database's own limit."""
FEW_VUS = 4
"""Virtual users of each load host for uploads, whose bodies each virtual user holds in memory."""
ATTEMPTS = 2
FULL = 0.85
"""Used share of the null server's CPUs from which on the null server, not the generator, may set the rate."""


def calibrate(
    hosts: Hosts, cells: Sequence[Cell], scenarios: Sequence[BundledScenario], seed: int, *, poisson: bool = False
) -> tuple[dict[str, Calibration], list[str]]:
    """Return the calibration of each cell, by cell id, and notes on the loads that failed twice.

    Cells for which k6 does the same work share one calibration of the generator.

    Args:
        hosts: the hosts that will measure the cells.
        cells: the cells to be measured.
        scenarios: the scenarios of the experiment.
        seed: the seed that the inputs of the requests are drawn from.
        poisson: True if the arrivals of an open load come as independent users would.

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
    """Run each cell's load, given by cell id, against the null server, and return a measurement of each cell."""
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
    """Return the transactions a second of the scenario's statements, by cell id, where the scenario has statements."""
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
    """Return a key for what k6 does for the cell, whichever server answers.

    The key has the load model, since an open load costs k6 more than a closed load.
    """
    return (cell.scenario, cell.load_model, *sorted(cell.k6_env.items()))


def served_by_nothing(cell: Cell) -> Cell:
    """Return the cell with a server that answers at once and does nothing.

    k6 does not ask that server's answers to be right.
    """
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
    """Return why a load of the null server tells nothing of the generator; None if the load tells something.

    A few failed requests are no problem: a failed request costs the generator what another request costs.
    """
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
    """Return what the generator can do, by a load of the null server that has no problem.

    Where the null server had no CPU time left, and the generator had some, the measured rate is the null server's. The
    generator's own rate then follows from the CPU time that a request cost the generator. The generator's CPUs count
    as far as trials may use the CPUs (Thresholds.generator_cpu).
    """
    k6 = measurement.load or LoadObservation()
    cost_s = k6.cpu_s / k6.requests
    rps = _reached_rps(k6, load)
    if cost_s and _server_share(measurement) >= FULL and _generator_share(k6) < Thresholds().generator_cpu:
        rps = max(rps, k6.cpus * Thresholds().generator_cpu / cost_s)
    return Calibration(generator_rps=rps, generator_cpu_us_per_request=cost_s * 1e6)


def _reached_rps(k6: LoadObservation, load: Load) -> float:
    """Return the requests a second that the generator reached at least.

    The wait for a late answer prolongs the window, and the generator does not cause this wait.
    """
    return max(k6.requests / k6.window_taken_s, (k6.requests - load.vus) / load.window_s)


def _server_share(measurement: Measurement) -> float:
    """Return the share of its CPU set that the null server used, or that its host saw busy if that share is larger.

    The host's share counts because the network's work for the null server belongs to no process.
    """
    server, host = measurement.server, measurement.hosts.get("sut")
    window_taken_s = measurement.load.window_taken_s if measurement.load else 0.0
    own = server.cpu_s / (server.cpus * window_taken_s) if window_taken_s else 0.0
    return max(own, host.cpus_busy if host else 0.0)


def _generator_share(k6: LoadObservation) -> float:
    """Return the share of its CPU set that k6 used, or that was busy if that share is larger.

    Where k6 shares the server's CPU set, the busy share is no less than k6's own share.
    """
    return max(k6.cpu_s / (k6.cpus * k6.wall_s) if k6.wall_s else 0.0, k6.cpus_busy)
