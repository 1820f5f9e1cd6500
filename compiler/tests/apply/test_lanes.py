"""Several sets of hosts that run the rounds of one experiment at once."""

from __future__ import annotations

import time
from pathlib import Path
from threading import Barrier

import pytest

from benchmark_lab.apply.lanes import Turns, on_each
from benchmark_lab.bundle import Cell, RoundCount
from benchmark_lab.machine.tools import ToolFailedError
from benchmark_lab.store.run_state import read_run_state
from tests.apply.world import World, cells
from tests.synthetic import experiment


def world(root: Path, lanes: int, rounds: int) -> World:
    one = cells()
    made = World(root)
    asked = experiment(contrasts=[(one[0], one[1])], rounds=RoundCount(min=rounds, max=rounds))
    made.write(asked.model_copy(update={"lanes": lanes}), one, rounds)
    return made


def test_two_lanes_measure_at_the_same_time(tmp_path: Path) -> None:
    both = Barrier(2, timeout=10)
    made = world(tmp_path, 2, rounds=2)

    def meet(of_nothing: bool) -> None:
        if not of_nothing:
            both.wait()

    made.loading = meet
    assert made.apply().complete
    assert len(made.measured) == 4


def test_a_round_is_run_on_one_lane_and_every_round_once(tmp_path: Path) -> None:
    made = world(tmp_path, lanes=3, rounds=7)
    summary = made.apply()
    outcome, warning = read_run_state(made.folder.journal)
    assert warning is None
    assert sorted(key.number for key in outcome.finished) == [*range(7)]
    assert {outcome.lanes[key] for key in outcome.orders} <= {0, 1, 2}
    assert len(outcome.trials) == len(made.measured) == 14
    assert [cell.valid for cell in summary.cells] == [7, 7]
    assert set(outcome.calibrations) == {0, 1, 2}


def test_rounds_are_handed_out_once_each_until_enough() -> None:
    given: list[int] = []
    turns = Turns(range(5), lambda: len(given) >= 3)
    while (number := turns.next()) is not None:
        given.append(number)
    assert given == [0, 1, 2]
    assert turns.next() is None


def test_a_lane_that_fails_stops_the_others_and_its_failure_is_told() -> None:
    turns = Turns(range(1000), lambda: False)

    def work(lane: int) -> None:
        for _ in iter(turns.next, None):
            time.sleep(0.001)
            if lane == 1:
                raise ValueError("the host of lane 1 is gone")

    with pytest.raises(ValueError, match="lane 1"):
        on_each([0, 1, 2], work, turns.close)
    assert turns.next() is None


def test_a_lane_proves_nothing_more_once_another_failed(tmp_path: Path) -> None:
    made = world(tmp_path, lanes=2, rounds=1)
    made.excluded = {("python-fastapi", "uvicorn"): "it ended", ("go-fiber", "fiber"): "it ended"}
    proven: list[str] = []

    def prove(logs: Path, cell: Cell) -> None:
        if logs.name == "lane-1":
            raise ToolFailedError("host sut-1 does not answer over SSH")
        proven.append(cell.implementation)
        time.sleep(0.5)

    made.proving = prove
    with pytest.raises(ToolFailedError, match="sut-1"):
        made.apply()
    outcome, _ = read_run_state(made.folder.journal)
    assert proven == ["python-fastapi"]
    assert outcome.excluded == {}
    assert outcome.ended == "interrupted"
