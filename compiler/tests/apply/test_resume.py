"""A run killed with SIGKILL at every boundary of its journal, and resumed: nothing is lost or measured twice."""

from __future__ import annotations

import json
import os
import signal
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from benchmark_lab.bundle import Cell, Experiment, LoadAsked, Objective, RoundCount, SoughtLoad
from benchmark_lab.machine.tools import ToolFailedError
from benchmark_lab.records import Summary
from benchmark_lab.store.run_state import read_run_state
from tests.apply.world import Clock, World, cells, named
from tests.synthetic import cell, experiment

OF_THIS_RUN = {"notes", "phases", "started_at", "ended_at", "measuring_share", "overhead_per_trial_s"}
"""What a summary says of when and how, which a crash may change."""

Case = tuple[Experiment, Sequence[Cell], int]


def open_rounds() -> Case:
    fastapi, fiber = cells()
    return experiment(contrasts=[(fastapi, fiber)], rounds=RoundCount(min=3, max=3)), (fastapi, fiber), 3


def two_machines() -> Case:
    four = cells(hardware=("small", "large"))
    asked = experiment(contrasts=[(four[0], four[1]), (four[2], four[3])], rounds=RoundCount(min=1, max=1))
    small = asked.hardware[0]
    return asked.model_copy(update={"hardware": (small, small.model_copy(update={"name": "large"}))}), four, 1


def stopping_early() -> Case:
    fastapi, fiber = cells()
    asked = RoundCount(min=2, max=4, ci_half_width=0.5)
    return experiment(contrasts=[(fastapi, fiber)], rounds=asked), (fastapi, fiber), 4


def capacity_then_latency() -> Case:
    found = tuple(
        named(
            cell("go-fiber", load=SoughtLoad(model=step)).model_copy(
                update={"id": f"go-fiber.{step}", "parameters": {"load": step}}
            )
        )
        for step in ("capacity", "equal-rate", "equal-utilisation")
    )
    asked = LoadAsked(model="capacity-then-latency", warmup_s=1, window_s=2)
    return experiment(contrasts=[], rounds=RoundCount(min=2, max=2)).model_copy(update={"load": asked}), found, 2


def search() -> Case:
    pair = cells(load=SoughtLoad(model="slo-search"))
    objective = Objective(text="p90 < 50ms", metric="latency_p90_ms", samples=1_000, below=50)
    asked = LoadAsked(model="slo-search", objectives=(objective,), warmup_s=1, window_s=2)
    return experiment(contrasts=[], rounds=RoundCount(min=1, max=1)).model_copy(update={"load": asked}), pair, 1


@pytest.fixture
def root() -> Iterator[Path]:
    """A folder in memory where there is one: waiting for the disk, thousands of times, is not what is tested."""
    memory = Path("/dev/shm")  # noqa: S108  a folder of its own in it
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        yield Path(folder)


def new_world(root: Path, case: Callable[[], Case]) -> World:
    world = World(root)
    world.write(*case())
    return world


def shape(summary: Summary) -> dict[str, object]:
    """The summary without when and how, but with the names of its phases."""
    return {
        **summary.model_dump(exclude=OF_THIS_RUN),
        "phases": {phase.name for phase in summary.phases}
        - {"clean up"},  # a killed run's hosts are cleaned up unphased
    }


def stored_trials(world: World) -> list[dict[str, object]]:
    """The lines of trials.jsonl, without when they began."""
    lines = (world.folder.path / "trials.jsonl").read_text().splitlines()
    return [{**json.loads(line), "started_at": ""} for line in lines]


def named_trials(world: World) -> list[tuple[object, object]]:
    return [(line["trial"], line["cell"]) for line in stored_trials(world)]


def kept_of(world: World, what: str) -> list[tuple[object, object]]:
    """The trials that this is kept of."""
    lines = map(json.loads, (world.folder.path / f"{what}.jsonl").read_text().splitlines())
    return [(line["trial"], line["cell"]) for line in lines]


def killed(world: World, clock: Clock | None = None, fsync: Callable[[int], None] = os.fsync) -> bool:
    """Carry the run out in a process of its own; whether that was killed before its end."""
    child = os.fork()
    if child == 0:
        try:
            world.apply(clock, fsync)
        finally:
            os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def before(number: int) -> Callable[[World], bool]:
    """Killed before the n-th entry is written."""

    def kill(look: int) -> None:
        if look == number:
            die()

    return lambda world: killed(world, Clock(before=kill))


def after(number: int) -> Callable[[World], bool]:
    """Killed when the n-th entry is on disk, before anything is made of it."""
    syncs = iter(range(number + 1))

    def kill(descriptor: int) -> None:
        os.fsync(descriptor)
        if next(syncs) == number:
            die()

    return lambda world: killed(world, fsync=kill)


def within(number: int) -> Callable[[World], bool]:
    """Killed while the n-th entry is written."""

    def crash(world: World) -> bool:
        died = after(number)(world)
        if died:
            journal = world.folder.journal
            os.truncate(journal, journal.stat().st_size - 9)
        return died

    return crash


@pytest.mark.parametrize(
    ("case", "moment"),
    [
        *((open_rounds, moment) for moment in (before, within, after)),
        (two_machines, before),
        (stopping_early, after),
        (capacity_then_latency, after),
        (search, before),
    ],
)
def test_a_run_killed_at_any_boundary_is_resumed_to_the_same_summary(
    case: Callable[[], Case], moment: Callable[[int], Callable[[World], bool]], root: Path
) -> None:
    whole = new_world(root / "whole", case)
    expected = shape(whole.apply())
    number = 0
    while True:
        world = new_world(root / str(number), case)
        if not moment(number)(world):
            break
        finished = [
            trial.model_copy(update={"started_at": ""}) for trial in read_run_state(world.folder.journal)[0].trials
        ]
        same = shape(world.apply()) == expected
        assert same
        same = stored_trials(world) == stored_trials(whole)
        assert same
        same = kept_of(world, "measurements") == kept_of(world, "distributions") == named_trials(world)
        assert same  # not compared within the assertion, whose explanation would take minutes
        times = Counter(world.measured)
        assert times.keys() == Counter(whole.measured).keys()
        again = times - Counter(whole.measured)
        assert again.total() <= 1  # what was going on, and had not reached the journal
        kept = read_run_state(world.folder.journal)[0].trials[: len(finished)]
        assert [trial.model_copy(update={"started_at": ""}) for trial in kept] == finished
        number += 1
    assert number > 15


def test_a_run_killed_again_and_again_ends(root: Path) -> None:
    whole = new_world(root / "whole", open_rounds)
    expected = shape(whole.apply())
    world = new_world(root / "other", open_rounds)
    crashes = 0
    while before(14)(world) and crashes < 10:
        crashes += 1
    assert 1 < crashes < 10
    assert shape(world.apply()) == expected
    assert stored_trials(world) == stored_trials(whole)


def test_a_resumed_run_knows_whose_latency_is_not_ranked(root: Path) -> None:
    world = new_world(root, capacity_then_latency)
    world.null_rps = 4_000

    def kill(descriptor: int) -> None:
        os.fsync(descriptor)
        if '"loads-found"' in world.folder.journal.read_text().splitlines()[-1]:
            die()

    assert killed(world, fsync=kill)
    own = next(cell for cell in world.apply().cells if cell.cell == "go-fiber.equal-utilisation")
    assert (own.load, own.valid) == ("2,000 requests/s", 2)
    assert own.unequal_utilisation == "utilisation not equal: its rate is no more than the generator may send"


def killed_in_round(root: Path, number: int = 1) -> World:
    """A run that was killed in a round after the first of its two trials."""
    world = new_world(root, open_rounds)
    written = 0

    def kill(descriptor: int) -> None:
        nonlocal written
        os.fsync(descriptor)
        written += '"trial-ended"' in world.folder.journal.read_text().splitlines()[-1]
        if written == 2 * number + 1:
            die()

    assert killed(world, fsync=kill)
    return world


def test_an_interrupted_trial_is_noted_and_the_schedule_stays(root: Path) -> None:
    world = killed_in_round(root)
    summary = world.apply()
    interrupted = "round 1 (small): the trial of python-fastapi/uvicorn/1/01-lightweight/small was interrupted"
    assert any(note.startswith(interrupted) for note in summary.notes)
    assert [line["trial"] for line in stored_trials(world)] == ["r0.p0", "r0.p1", "r1.p0", "r1.p1", "r2.p0", "r2.p1"]
    assert len(world.measured) == 6


def test_hosts_that_changed_void_the_interrupted_round_only(root: Path) -> None:
    world = killed_in_round(root)
    world.identity = {"cpu": "EPYC"}
    summary = world.apply()
    assert "round 1 (small) was done again, and 1 of its trials are void: the hosts changed (cpu Xeon, now EPYC)" in (
        summary.notes
    )
    assert [cell.trials for cell in summary.cells] == [3, 3]
    assert len(world.measured) == 7
    assert Counter(world.measured)["go-fiber/fiber/1/01-lightweight/small 20261123 0 300"] == 2
    assert kept_of(world, "measurements") == kept_of(world, "distributions") == named_trials(world)


def test_how_hosts_were_set_before_is_known_after_a_resumption(root: Path) -> None:
    world = killed_in_round(root)
    world.somaxconn = {"sut-0": "65535", "load-0": "65535"}  # the run's own doing
    provenance = world.apply().provenance
    assert provenance.machine == {"cpu": "Xeon", "net.core.somaxconn": "65535", "CPU governor": "none"}
    assert provenance.as_found == {"net.core.somaxconn of sut-0": "4096"}
    assert "set otherwise before the run: net.core.somaxconn of sut-0: 4096" in (
        (world.folder.path / "summary.md").read_text()
    )


def test_a_cell_that_does_not_conform_any_more_keeps_its_trials_and_is_not_ranked(root: Path) -> None:
    world = killed_in_round(root)
    world.excluded = {("go-fiber", "fiber"): "it fails conformance (echo)"}
    summary = world.apply()
    fastapi, fiber = summary.cells
    assert summary.complete
    assert (fastapi.trials, fastapi.retired) == (3, None)
    assert (fiber.trials, fiber.retired, fiber.excluded) == (2, "it fails conformance (echo)", None)
    assert {comparison.unranked_reason for comparison in summary.comparisons} == {
        "retired: it fails conformance (echo)"
    }


def test_a_cell_that_was_refused_stays_so(root: Path) -> None:
    world = new_world(root, open_rounds)
    world.excluded = {("go-fiber", "fiber"): "it fails conformance (echo)"}
    assert before(14)(world)
    world.excluded = {}
    fastapi, fiber = world.apply().cells
    assert (fastapi.trials, fiber.trials, fiber.excluded) == (3, 0, "it fails conformance (echo)")


def test_a_bundle_that_was_changed_is_not_gone_on_with(root: Path) -> None:
    world = killed_in_round(root)
    path = world.folder.bundle / "experiment.json"
    path.write_text(path.read_text().replace("quickstart", "slowstart"))
    with pytest.raises(ToolFailedError, match="is not the bundle that run 100000-ab12 began with"):
        world.apply()


def test_every_file_of_a_run_is_sealed(root: Path) -> None:
    world = new_world(root, open_rounds)
    world.apply()
    listed = {line.split("  ")[1] for line in (world.folder.path / "SHA256SUMS").read_text().splitlines()}
    files = {str(path.relative_to(world.folder.path)) for path in world.folder.path.rglob("*") if path.is_file()}
    assert files - listed == {"SHA256SUMS", "journal.jsonl"}
    assert listed <= files
