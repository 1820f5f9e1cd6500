"""Finds the loads that depend on results, by rounds of probes."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from random import Random

from benchmark_lab.apply.context import Run
from benchmark_lab.apply.rounds import LaneRunner
from benchmark_lab.bundle import Block, Cell, Load
from benchmark_lab.records import RoundKey, Trial
from benchmark_lab.search import ladder, probing, slo


def find_loads(run: Run, runner: LaneRunner, block: Block, cells: Sequence[Cell]) -> None:
    """Journal each measurable cell's load, or what the cell's search found; exclude the other cells."""
    by_id = {cell.id: cell for cell in cells}
    asked = run.bundle.experiment.load
    probe = _prober(run, runner, block, by_id)
    servers = probing.representatives(cells)
    runner.tally.total = len(servers) * (len(asked.vus) or ladder.MOST_PROBES)
    thresholds, load_hosts = run.bundle.experiment.thresholds, runner.hosts.load_hosts
    climbed = probing.climb([*servers.values()], asked, probe, requests=thresholds.requests, load_hosts=load_hosts)
    capacities = {key: climbed[cell.id] for key, cell in servers.items()}
    if asked.model == "slo-search":
        maxima = {cell: found.throughput_rps for cell, found in climbed.items() if found.throughput_rps}
        runner.tally.total = runner.tally.done + len(maxima) * slo.MOST_PROBES
        searches = probing.find_highest_rates(maxima, asked, probe)
        run.journal.record("searched", searches={cell: found.model_dump() for cell, found in searches.items()})
        _leave_out(run, (cell for cell in cells if cell.id not in maxima))
        return
    allowed_rps = run.outcome.allowed_rps(thresholds.generator_share)
    found = probing.sought_loads(cells, capacities, asked, requests=thresholds.requests, allowed_rps=allowed_rps)
    run.journal.record(
        "loads-found",
        loads={cell: load.model_dump() for cell, load in found.loads.items()},
        unequal_utilisation=found.unequal_utilisation,
        notes=found.notes,
    )
    _leave_out(run, (cell for cell in cells if cell.id not in found.loads))


def _prober(run: Run, runner: LaneRunner, block: Block, cells: Mapping[str, Cell]) -> probing.RunProbes:
    """Return the function that runs rounds of probes.

    The function first takes the probes that a cell has from before an interruption, in their order. A cell's next
    probe follows from the cell's own probes alone. The earlier probes are thus the probes that the search asks for.
    """
    before: dict[str, list[Trial]] = {cell: [] for cell in cells}
    for trial in run.outcome.trials:
        if trial.purpose == "probe" and trial.cell in before:
            before[trial.cell].append(trial)
    numbers = itertools.count(1 + max((key.number for key in run.outcome.orders if _probes(key, block)), default=-1))
    interrupted = [key for key in run.outcome.unfinished(block.hardware) if _probes(key, block)]

    def number_for(cells: Iterable[str]) -> int:
        if interrupted and {*cells} <= {*run.outcome.left_of_round(interrupted[0])}:
            return interrupted.pop().number
        return next(numbers)

    def probe(loads: Mapping[str, Load]) -> dict[str, Trial]:
        known = {cell: before[cell].pop(0) for cell in loads if before[cell]}
        runner.tally.done += len(known)
        probed = [cells[cell] for cell in sorted(loads.keys() - known.keys())]
        if not probed:
            return known
        number = number_for(cell.id for cell in probed)
        Random(f"{run.bundle.experiment.seed}/probe/{number}").shuffle(probed)  # noqa: S311  an order that can be drawn again
        return known | {trial.cell: trial for trial in runner.run(number, probed, loads, "probe")}

    return probe


def _leave_out(run: Run, cells: Iterable[Cell]) -> None:
    run.exclude(cells, "no probe found a capacity: the probes in trials.jsonl say why")


def _probes(key: RoundKey, block: Block) -> bool:
    return key.purpose == "probe" and key.hardware == block.hardware
