"""Loads that depend on results, found with servers of known capacity."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import ceil

import pytest

from benchmark_lab.bundle import Cell, Load, LoadAsked, Objective, SoughtLoad, Thresholds
from benchmark_lab.judge import Position, judge
from benchmark_lab.records import LoadObservation, Measurement, Reason, ServerObservation, Trial
from benchmark_lab.search.ladder import Capacity
from benchmark_lab.search.probing import climb, find_highest_rates, representatives, sought_loads
from benchmark_lab.store.journal import Entry
from benchmark_lab.store.run_state import RunState
from tests.synthetic import OPEN, cell, trial

ASKED = LoadAsked(model="capacity-then-latency", warmup_s=1, window_s=2)
FASTAPI, FIBER = cell("python-fastapi"), cell("go-fiber")
MOST = {FASTAPI.id: 1_000.0, FIBER.id: 5_000.0}


def steps(of: Cell) -> list[Cell]:
    """The three cells that capacity-then-latency makes of one."""
    return [
        of.model_copy(
            update={
                "id": f"{of.id}.{step}",
                "load": SoughtLoad(model=step),
                "parameters": {**of.parameters, "load": step},
            }
        )
        for step in ("capacity", "equal-rate", "equal-utilisation")
    ]


def closed(loads: Mapping[str, Load]) -> dict[str, Trial]:
    """Each virtual user asks 100 times a second, until the server can do no more."""
    cells = {one.id: one for one in (FASTAPI, FIBER)}
    return {
        of: trial(cells[of], 0, "closed", throughput_rps=min(MOST[of], load.vus * 100.0)) for of, load in loads.items()
    }


def test_every_ladder_is_climbed_to_its_own_end() -> None:
    rounds: list[set[str]] = []

    def probe(loads: Mapping[str, Load]) -> dict[str, Trial]:
        rounds.append(set(loads))
        return closed(loads)

    found = climb([FASTAPI, FIBER], ASKED, probe, requests=100)
    assert {of: (capacity.throughput_rps, capacity.vus) for of, capacity in found.items()} == {
        FASTAPI.id: (1_000, 16),
        FIBER.id: (5_000, 64),
    }
    assert rounds == [{FASTAPI.id, FIBER.id}] * 3 + [{FIBER.id}] * 2


def test_a_cell_whose_trials_never_come_has_no_capacity() -> None:
    found = climb([FASTAPI], ASKED, lambda _: {}, requests=100)
    assert found[FASTAPI.id].throughput_rps is None


def answering(
    asked: list[tuple[int, float]], answer_s: Callable[[int], float], cpu: float
) -> Callable[[Mapping[str, Load]], dict[str, Trial]]:
    """A server whose answers take so long for so many virtual users; notes these, and the windows' lengths."""

    def probe(loads: Mapping[str, Load]) -> dict[str, Trial]:
        (load,) = loads.values()
        asked.append((load.vus, round(load.window_s, 1)))
        took_s = answer_s(load.vus)
        turns = ceil(load.window_s / took_s)
        window_taken_s, requests, latency_ms = turns * took_s, turns * load.vus, took_s * 1000
        k6 = LoadObservation(
            window_taken_s=window_taken_s,
            wall_s=window_taken_s,
            requests=requests,
            iterations=requests,
            latency_mean_ms=latency_ms,
            latency_quantiles_ms=(latency_ms,) * 1001,
        )
        server = ServerObservation(processes_before=("7:1",), processes_after=("7:1",), cpu_s=cpu * window_taken_s)
        place = Position(lane=0, round=len(asked), position=0, started_at="2026-11-22T10:00:00Z")
        return {FIBER.id: judge(Measurement(server=server, load=k6), FIBER, load, Thresholds(), place)}

    return probe


SLOW = LoadAsked(model="capacity-then-latency", warmup_s=2, window_s=5)


def test_a_server_whose_answers_take_a_second_is_asked_by_more_virtual_users_for_longer() -> None:
    asked: list[tuple[int, float]] = []
    found = climb([FIBER], SLOW, answering(asked, lambda _: 1.01, cpu=0.1), requests=100)[FIBER.id]
    assert asked == [(8, 5), (16, 12.9), (32, 6.4), *((vus, 5) for vus in (64, 128, 256, 512, 1024))]
    assert (found.vus, found.end) == (1024, "ladder-end")
    assert found.throughput_rps == pytest.approx(1024 / 1.01, rel=0.25)


def test_a_server_that_takes_an_upload_in_two_seconds_has_a_capacity() -> None:
    asked: list[tuple[int, float]] = []
    found = climb([FIBER], SLOW, answering(asked, lambda vus: vus / 0.5, cpu=1.0), requests=100)[FIBER.id]
    assert asked == [(8, 5), (8, 204), (16, 204)]
    assert (found.vus, found.end) == (8, "levelled-off")
    assert found.throughput_rps == pytest.approx(0.5, rel=0.1)


def test_every_window_of_a_slow_server_is_long_enough() -> None:
    (key,) = representatives(steps(FIBER))
    capacity = {key: Capacity(8, 16, "levelled-off")}
    loads = sought_loads(steps(FIBER), capacity, SLOW, requests=100, allowed_rps={}).loads.values()
    assert [(load.vus, load.arrival_rate_rps, round(load.window_s, 2)) for load in loads] == [
        (16, None, 12.75),
        (20, 4, 25.5),
        (20, 5, 20.4),
    ]


def test_latency_is_measured_at_one_rate_for_all_and_at_a_share_of_each_ones_own_capacity() -> None:
    cells = [*steps(FASTAPI), *steps(FIBER)]
    servers = representatives(cells)
    assert [of.implementation for of in servers.values()] == ["python-fastapi", "go-fiber"]
    capacities = {
        key: Capacity(throughput_rps, 32, "levelled-off")
        for key, throughput_rps in zip(servers, (1_000.0, 5_000.0), strict=True)
    }
    found = sought_loads(cells, capacities, ASKED, requests=100, allowed_rps={})
    loads = found.loads
    assert {of.rpartition(".")[2]: load.vus for of, load in loads.items() if load.model == "closed"} == {"capacity": 32}
    rates = [loads[of.id].arrival_rate_rps for of in cells]
    assert rates == [None, 500, 700, None, 500, 3_500]
    assert (found.unequal_utilisation, found.notes) == ({}, [])


def test_rates_that_are_shares_of_a_lower_bound_are_said_to_be() -> None:
    cells = [*steps(FASTAPI), *steps(FIBER)]
    ends = [Capacity(1_000, 32, "bounded"), Capacity(5_000, 32, "levelled-off")]
    capacities = dict(zip(representatives(cells), ends, strict=True))
    found = sought_loads(cells, capacities, ASKED, requests=100, allowed_rps={})
    bound = f"{FASTAPI.id}.capacity"
    assert found.notes == [
        f"the equal rate of 500/s is half of a lower bound: {bound} may have more capacity",
        f"the own rates of these are shares of a lower bound, and may utilise them less than the others: {bound}",
    ]
    unknown = "utilisation not known: its rate is a share of a lower bound"
    assert found.unequal_utilisation == {f"{FASTAPI.id}.equal-utilisation": unknown}


def test_no_rate_is_more_than_the_generator_may_send() -> None:
    cells = [*steps(FASTAPI), *steps(FIBER)]
    ends = [Capacity(4_000, 32, "levelled-off"), Capacity(9_000, 32, "bounded")]
    capacities = dict(zip(representatives(cells), ends, strict=True))
    outcome = RunState()
    for lane, generator_rps in enumerate((10_800, 12_000)):
        by_cell = {of.id: {"generator_rps": generator_rps if of.load_model == "open" else 6_000} for of in cells}
        entry: dict[str, object] = {"hardware": "small", "lane": lane, "calibrations": by_cell}
        outcome.take(Entry(lane, "2026-11-22T10:00:00Z", "calibrated", entry))
    found = sought_loads(cells, capacities, ASKED, requests=100, allowed_rps=outcome.allowed_rps(0.5))
    assert [found.loads[of.id].arrival_rate_rps for of in cells] == [None, 2_000, 2_800, None, 2_000, 5_400]
    capped = f"{FIBER.id}.capacity (5,400/s)"
    assert found.notes == [
        f"the own rates of these are what the generator may send, and utilise them less than the others: {capped}"
    ]
    not_equal = "utilisation not equal: its rate is no more than the generator may send"
    assert found.unequal_utilisation == {f"{FIBER.id}.equal-utilisation": not_equal}
    found = sought_loads(cells, capacities, ASKED, requests=100, allowed_rps=outcome.allowed_rps(0.15))
    assert [found.loads[of.id].arrival_rate_rps for of in cells] == [None, 1_620, 1_620, None, 1_620, 1_620]
    assert found.notes[0] == "the equal rate of 1,620/s is what the generator may send: less than half of any capacity"


def test_a_journal_that_says_nothing_of_utilisation_is_read() -> None:
    outcome = RunState()
    entry: dict[str, object] = {"loads": {FIBER.id: OPEN.model_dump()}, "notes": ["as it was"]}
    outcome.take(Entry(1, "2026-11-22T10:00:00Z", "loads-found", entry))
    assert (outcome.loads, outcome.notes) == ({FIBER.id: OPEN}, ["as it was"])
    assert outcome.unequal_utilisation == {}


def test_a_server_without_capacity_has_no_load_and_does_not_slow_the_others_down() -> None:
    cells = [*steps(FASTAPI), *steps(FIBER)]
    first, second = representatives(cells)
    capacities = {first: Capacity(None, None, "unusable"), second: Capacity(800, 16, "levelled-off")}
    loads = sought_loads(cells, capacities, ASKED, requests=100, allowed_rps={}).loads
    assert {of.split("/")[0] for of in loads} == {"go-fiber"}
    assert loads[f"{FIBER.id}.equal-rate"].arrival_rate_rps == 400


def at_rates_below(limit: float) -> Callable[[Mapping[str, Load]], dict[str, Trial]]:
    """A server whose p99 is 20 ms up to a rate and 80 ms beyond."""

    def probe(loads: Mapping[str, Load]) -> dict[str, Trial]:
        p99 = {of: 20.0 if (load.arrival_rate_rps or 0) <= limit else 80.0 for of, load in loads.items()}
        return {
            of: trial(FIBER, 0, arrival_rate_rps=loads[of].arrival_rate_rps, latency_p99_ms=p99[of]) for of in loads
        }

    return probe


OBJECTIVE = Objective(text="p99 < 50ms", metric="latency_p99_ms", samples=10_000, below=50)
SEARCH = LoadAsked(model="slo-search", objectives=(OBJECTIVE,), warmup_s=1, window_s=2)


def test_a_search_brackets_the_rate_at_which_the_objective_breaks() -> None:
    found = find_highest_rates({FIBER.id: 2_000.0}, SEARCH, at_rates_below(1_234))[FIBER.id]
    assert found.last_pass_rps is not None
    assert found.first_fail_rps is not None
    assert 0.9 * 1_234 <= found.last_pass_rps <= 1_234 < found.first_fail_rps <= 1.1 * 1_234
    assert found.probes <= 10
    assert not found.lower_bound


def test_an_objective_that_is_always_kept_gives_a_lower_bound() -> None:
    found = find_highest_rates({FIBER.id: 2_000.0}, SEARCH, at_rates_below(10**6))[FIBER.id]
    assert (found.last_pass_rps, found.first_fail_rps, found.lower_bound) == (2_000, None, True)


@pytest.mark.parametrize(("code", "end"), [("host-noise", "unusable"), ("db-limited", "bounded")])
def test_a_search_that_others_spoil_ends_without_a_rate(code: str, end: str) -> None:
    spoilt = trial(FIBER, 0, verdict="invalid", reasons=(Reason(code=code, evidence="…"),))
    found = find_highest_rates({FIBER.id: 2_000.0}, SEARCH, lambda loads: dict.fromkeys(loads, spoilt))[FIBER.id]
    assert (found.last_pass_rps, found.end) == (None, end)
