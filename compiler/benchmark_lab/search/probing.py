"""Finds the loads that depend on results: a capacity, rates below it, or the highest rate that keeps objectives.

Each probe is a trial. The probes of all cells that still need a probe run together, as a round does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf

from benchmark_lab.bundle import Cell, Load, LoadAsked
from benchmark_lab.judge import LOWER_BOUND_REASONS
from benchmark_lab.loads import needed_window_s, open_load, search_window_s
from benchmark_lab.records import SearchResult, Trial
from benchmark_lab.search import ladder, slo
from benchmark_lab.search.rates import KnownCapacity, LatencyRates, latency_rates

RunProbes = Callable[[Mapping[str, Load]], Mapping[str, Trial]]
"""Function that runs a trial of each cell under the given load, and returns the judged trials.

Loads and trials are by cell id. A cell may have no trial.
"""

Key = tuple[object, ...]


def climb(
    cells: Sequence[Cell], asked: LoadAsked, probe: RunProbes, *, requests: int, load_hosts: int = 1
) -> dict[str, ladder.Capacity]:
    """Return the capacity of each cell, by id: the best rung of a ladder of virtual users.

    Each load host has at least one of the virtual users.

    Args:
        cells: the cells to probe.
        asked: the load that the experiment asks for, with the ladder's steps and the shortest window.
        probe: runs the trials.
        requests: the number of requests that a window needs; the window gets longer where the last trial's pace says
            that the requests take longer.
        load_hosts: the number of load hosts that share the load.
    """
    start = max(ladder.START_VUS, load_hosts)
    rungs: dict[str, list[ladder.Rung]] = {cell.id: [] for cell in cells}
    paces_rps: dict[str, float] = {}
    found: dict[str, ladder.Capacity] = {}
    while True:
        loads: dict[str, Load] = {}
        for cell in rungs.keys() - found.keys():
            match ladder.next_probe(rungs[cell], asked.vus, start):
                case ladder.NextUsers(vus=vus):
                    loads[cell] = closed_load(vus, asked, requests, paces_rps.get(cell))
                case ladder.Capacity() as capacity:
                    found[cell] = capacity
        if not loads:
            return found
        trials = probe(loads)
        for cell, load in loads.items():
            trial = trials.get(cell)
            rungs[cell].append(ladder.Rung.of(load.vus, trial) if trial else ladder.Rung(load.vus, "unusable", None))
            if trial and (pace_rps := _pace_rps(trial)):
                paces_rps[cell] = pace_rps


def find_highest_rates(maxima: Mapping[str, float], asked: LoadAsked, probe: RunProbes) -> dict[str, SearchResult]:
    """Return, by cell id, the result of each cell's search: the highest open rate that keeps the objectives.

    Args:
        maxima: the closed-loop maximum of each cell in requests a second, by cell id.
        asked: the load that the experiment asks for, with the objectives.
        probe: runs the trials.
    """
    objectives = [slo.LatencyObjective(objective.metric, objective.below) for objective in asked.objectives]
    probed: dict[str, list[slo.Probed]] = {cell: [] for cell in maxima}
    found: dict[str, SearchResult] = {}
    while True:
        loads: dict[str, Load] = {}
        for cell in probed.keys() - found.keys():
            match slo.next_probe(probed[cell], maxima[cell]):
                case slo.NextRate(arrival_rate_rps=rate):
                    loads[cell] = _open(rate, asked, search_window_s(asked, rate))
                case slo.FoundRate() as result:
                    found[cell] = SearchResult(
                        last_pass_rps=result.last_pass,
                        first_fail_rps=result.first_fail,
                        lower_bound=result.lower_bound,
                        probes=len(probed[cell]),
                        confirmations=result.confirmations,
                        end=result.end,
                    )
        if not loads:
            return found
        trials = probe(loads)
        for cell, load in loads.items():
            rate, trial = round(load.arrival_rate_rps or 0), trials.get(cell)
            probed[cell].append(slo.Probed.of(rate, trial, objectives) if trial else slo.Probed(rate, "unusable"))


def _pace_rps(trial: Trial) -> float | None:
    """Return a trial's requests a second, with the wait for the last requests; None where the trial was spoilt.

    Too few requests spoil no pace. A reason that makes the throughput a lower bound spoils no pace either. A throughput
    is of the planned window, in which slow answers may not end at all.
    """
    spoilt = {reason.code for reason in trial.reasons} - LOWER_BOUND_REASONS.keys() - {"too-few-samples"}
    return trial.requests / trial.window_taken_s if trial.window_taken_s and not spoilt else None


def closed_load(vus: int, asked: LoadAsked, requests: int, pace_rps: float | None) -> Load:
    """Return a closed load; its window lasts as long as the experiment asks, or as the needed requests take."""
    window_s = needed_window_s(asked, requests, pace_rps) if pace_rps else asked.window_s
    return Load(model="closed", vus=vus, warmup_s=asked.warmup_s, window_s=window_s)


def _open(arrival_rate_rps: float, asked: LoadAsked, window_s: float) -> Load:
    poisson = asked.arrivals == "poisson"
    return open_load(arrival_rate_rps, warmup_s=asked.warmup_s, window_s=window_s, poisson=poisson)


def representatives(cells: Sequence[Cell]) -> dict[Key, Cell]:
    """Return one cell of each group of cells that differ only in the step of their load.

    `lab` probes the returned cell for the whole group.
    """
    found: dict[Key, Cell] = {}
    for cell in cells:
        found.setdefault(_server_and_work(cell), cell)
    return found


@dataclass(frozen=True, slots=True)
class LoadsFound:
    """The loads that follow from the capacities."""

    loads: dict[str, Load] = field(default_factory=dict)
    """Loads by cell id."""
    unequal_utilisation: dict[str, str] = field(default_factory=dict)
    """Reasons, by cell id, why a load may utilise a cell less than others that are to be utilised equally."""
    notes: list[str] = field(default_factory=list)
    """Notes for the reader of the results, on rates that are no share of a capacity."""


def sought_loads(
    cells: Sequence[Cell],
    capacities: Mapping[Key, ladder.Capacity],
    asked: LoadAsked,
    *,
    requests: int,
    allowed_rps: Mapping[str, float],
) -> LoadsFound:
    """Return the load of each cell that follows from the capacities; a cell whose server has no capacity is left out.

    The equal rate is the same for all cells with the same work on the same hardware.

    Args:
        cells: the cells whose loads are sought.
        capacities: the capacities of the cells' servers.
        asked: the load that the experiment asks for, with the shortest window.
        requests: the number of requests that a window needs.
        allowed_rps: the requests a second that the generator may send of an open load, by cell id, where the rate is
            known.
    """
    found = LoadsFound()
    servers = representatives(cells)
    work = {key: (cell.scenario, cell.hardware, *sorted(cell.k6_env.items())) for key, cell in servers.items()}
    allowed = dict.fromkeys(servers, inf)
    for cell in cells:
        if cell.load_model == "open":
            key = _server_and_work(cell)
            allowed[key] = min(allowed[key], allowed_rps.get(cell.id, inf))
    for group in dict.fromkeys(work.values()):
        known = {
            servers[key].id: KnownCapacity(capacity.throughput_rps, capacity.lower_bound, allowed[key])
            for key, capacity in capacities.items()
            if work[key] == group and capacity.throughput_rps
        }
        rates = latency_rates(known)
        if rates is None:
            continue
        found.notes.extend(_notes(rates))
        for cell in cells:
            key = _server_and_work(cell)
            if (server := servers[key].id) not in known:
                continue
            if cell.load.model == "capacity":
                capacity = capacities[key]
                found.loads[cell.id] = closed_load(capacity.vus or 1, asked, requests, capacity.throughput_rps)
            else:
                equal = cell.load.model == "equal-rate"
                rate = rates.equal if equal else rates.own[server]
                found.loads[cell.id] = _open(rate, asked, needed_window_s(asked, requests, rate))
                if not equal and (why := _unequal(server, rates)):
                    found.unequal_utilisation[cell.id] = why
    return found


def _unequal(server: str, rates: LatencyRates) -> str | None:
    """Return why a server's own rate may utilise the server less than other servers; None without a reason."""
    if server in rates.own_capped:
        return "utilisation not equal: its rate is no more than the generator may send"
    if server in rates.own_from_bound:
        return "utilisation not known: its rate is a share of a lower bound"
    return None


def _notes(rates: LatencyRates) -> Iterator[str]:
    """Say which rates are less than their share of the capacity, or may be less."""
    if rates.equal_is_capped:
        yield f"the equal rate of {rates.equal:,}/s is what the generator may send: less than half of any capacity"
    elif rates.slowest_is_bound:
        yield f"the equal rate of {rates.equal:,}/s is half of a lower bound: {rates.slowest} may have more capacity"
    if rates.own_from_bound:
        named = ", ".join(sorted(rates.own_from_bound))
        yield f"the own rates of these are shares of a lower bound, and may utilise them less than the others: {named}"
    if rates.own_capped:
        named = ", ".join(f"{cell} ({rates.own[cell]:,}/s)" for cell in sorted(rates.own_capped))
        yield f"the own rates of these are what the generator may send, and utilise them less than the others: {named}"


def _server_and_work(cell: Cell) -> Key:
    """Return what cells share that differ only in the step of their load."""
    parameters = ((name, value) for name, value in sorted(cell.parameters.items()) if name != "load")
    return (cell.implementation, cell.server, cell.workers, cell.scenario, cell.hardware, *parameters)
