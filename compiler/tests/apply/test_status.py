import os
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from benchmark_lab.apply.status import spent_usd, status_of
from benchmark_lab.bundle import RoundCount, TargetHosts
from benchmark_lab.cli.status import words
from benchmark_lab.records import Phase
from benchmark_lab.store.run_state import RunState
from tests.apply.world import World, cells
from tests.synthetic import experiment

TRIALS = 6


def world_of_three_rounds(root: Path) -> World:
    world = World(root)
    fastapi, fiber = cells()
    world.write(
        experiment(contrasts=[(fastapi, fiber)], rounds=RoundCount(min=3, max=3)), (fastapi, fiber), TRIALS // 2
    )
    return world


def test_a_run_without_a_journal_has_not_started(tmp_path: Path) -> None:
    found = status_of(world_of_three_rounds(tmp_path).folder.path)
    assert (found.state, found.trials_done, found.trials_planned, found.pid) == ("not started", 0, TRIALS, None)


def test_a_run_tells_of_itself_while_its_process_lives_and_when_it_was_killed(tmp_path: Path) -> None:
    world = world_of_three_rounds(tmp_path)
    reader, writer = os.pipe()
    entries = 0

    def stop(descriptor: int) -> None:
        nonlocal entries
        os.fsync(descriptor)
        entries += '"trial-ended"' in world.folder.journal.read_text().splitlines()[-1]
        if entries == 3:
            os.write(writer, b"x")
            signal.pause()

    child = os.fork()
    if child == 0:
        try:
            world.apply(fsync=stop)
        finally:
            os._exit(1)
    os.read(reader, 1)
    running = status_of(world.folder.path)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    for descriptor in (reader, writer):
        os.close(descriptor)
    killed = status_of(world.folder.path)
    assert (running.state, running.pid, running.phase) == ("running", child, "measure")
    assert (running.trials_done, running.trials_planned, running.valid) == (3, TRIALS, 3)
    assert running.seconds_left == 3 * (2 + 5)  # three windows of 2 s with warm-ups of 5 s
    assert running.spent_usd == 0
    assert running.last_verdicts[-1] == "go-fiber/fiber/1/01-lightweight/small: valid"
    assert (killed.state, killed.pid, killed.seconds_left) == ("killed", None, None)
    assert words(killed).splitlines()[-1] == "Go on with: lab resume example-100000-ab12"


def test_a_complete_run_has_nothing_to_go_on_with(tmp_path: Path) -> None:
    world = world_of_three_rounds(tmp_path)
    world.apply()
    found = status_of(world.folder.path)
    assert (found.state, found.phase, found.trials_done, found.notes) == ("complete", None, TRIALS, ())
    assert "lab resume" not in words(found)


@pytest.mark.parametrize(("driver", "usd"), [("local", 0.0), ("testbed", 0.0), ("ssh", None), ("aws_ec2", 3.0)])
def test_what_rented_hosts_cost_is_reckoned_by_the_hour_until_now(driver: str, usd: float | None) -> None:
    prices = {"default": 2.0} if driver == "aws_ec2" else {}
    asked = experiment().model_copy(update={"hosts": TargetHosts(source=driver, usd_per_hour=prices)})
    half_an_hour_ago = datetime.now(UTC) - timedelta(minutes=30)
    outcome = RunState(phases=[Phase(name="rent hosts", seconds=3600)], phase=("measure", half_an_hour_ago.isoformat()))
    assert spent_usd(outcome, asked, running=True) == pytest.approx(usd, abs=0.01)
    assert spent_usd(outcome, asked, running=False) == pytest.approx(usd and 2.0)
