"""The stages of a run: what is left of it, as data, in words, and by `--dry-run`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from benchmark_lab.apply.explain import explain
from benchmark_lab.apply.stages import Calibrate, CleanUp, FindLoads, Measure, Prepare, Prove, Provide, Stage, build
from benchmark_lab.bundle import LoadAsked, RoundCount, SoughtLoad
from benchmark_lab.cli.resume import resume
from benchmark_lab.machine.tools import ToolFailedError
from benchmark_lab.store.bundles import read_bundle
from benchmark_lab.store.journal import read_journal
from benchmark_lab.store.run_state import RunState
from tests.apply.world import World, cells, named
from tests.synthetic import cell, experiment

resume_alone = typer.Typer()
resume_alone.command()(resume)
WHOLE = [Provide, Prepare, Prove, Calibrate, Measure, CleanUp]


def world(root: Path) -> World:
    """Two cells in two rounds, which are not carried out yet."""
    one = cells()
    made = World(root)
    made.write(experiment(contrasts=[(one[0], one[1])], rounds=RoundCount(min=2, max=2)), one, 2)
    return made


def stages_of(made: World, state: RunState) -> tuple[Stage, ...]:
    bundle = read_bundle(made.folder.bundle)
    return build(bundle.experiment, bundle.cells.cells, bundle.schedule, state)


def states(made: World) -> Iterator[tuple[str, RunState]]:
    """Yield each event of the journal, and what the run had then come to."""
    state = RunState()
    for entry in read_journal(made.folder.journal).entries:
        state.take(entry)
        yield entry.event, state


def measure_of(stages: tuple[Stage, ...]) -> Measure:
    (found,) = (stage for stage in stages if isinstance(stage, Measure))
    return found


def test_a_fresh_run_provides_hosts_first_and_cleans_up_last(tmp_path: Path) -> None:
    stages = stages_of(world(tmp_path), RunState())
    assert [type(stage) for stage in stages] == WHOLE
    measure = measure_of(stages)
    assert (measure.least, measure.most, measure.trials_left) == (2, 2, 4)
    assert {stage.servers for stage in stages if isinstance(stage, Prove)} == {
        (("python-fastapi", "uvicorn"), ("go-fiber", "fiber"))
    }


def test_wherever_a_run_is_interrupted_just_what_is_left_is_a_stage(tmp_path: Path) -> None:
    made = world(tmp_path)
    made.apply()
    left, known = [], []
    for event, state in states(made):
        stages = stages_of(made, state)
        if stages:
            assert [type(stage) for stage in stages] == WHOLE
            known += [stage.lanes_known for stage in stages if isinstance(stage, Calibrate)]
            left.append(measure_of(stages).trials_left)
        elif event != "stopped-early":
            assert sum(trial.purpose == "measure" for trial in state.trials) == 4
    assert left == sorted(left, reverse=True)
    assert set(left) == {4, 3, 2, 1, 0} or set(left) == {4, 3, 2, 1}
    assert known == sorted(known)
    assert set(known) == {0, 1}
    assert stages_of(made, state) == ()


def test_loads_are_found_once(tmp_path: Path) -> None:
    steps = ("capacity", "equal-rate", "equal-utilisation")
    sought = tuple(
        named(cell("go-fiber", load=SoughtLoad(model=step)).model_copy(update={"id": f"go-fiber.{step}"}))
        for step in steps
    )
    made = World(tmp_path)
    asked = experiment(contrasts=[], rounds=RoundCount(min=1, max=1))
    load = LoadAsked(model="capacity-then-latency", warmup_s=1, window_s=2)
    made.write(asked.model_copy(update={"load": load}), sought, 1)
    made.apply()
    finds = {
        event: any(isinstance(stage, FindLoads) for stage in stages_of(made, state)) for event, state in states(made)
    }
    assert finds["calibrated"]
    assert not finds["loads-found"]


def test_what_is_excluded_has_no_stage(tmp_path: Path) -> None:
    made, (fastapi, fiber) = world(tmp_path), cells()
    state = RunState(excluded={fastapi.id: "it does not conform"})
    stages = stages_of(made, state)
    assert measure_of(stages).cells == (fiber.id,)
    assert {stage.servers for stage in stages if isinstance(stage, Prove)} == {(("go-fiber", "fiber"),)}
    state.excluded[fiber.id] = "nor does this"
    assert stages_of(made, state) == ()


def dry_run(made: World, *flags: str) -> str:
    """Return what `lab resume --dry-run` prints of a run; it succeeds, and changes nothing."""
    before = contents(made.folder.path)
    done = CliRunner().invoke(resume_alone, [str(made.folder.path), "--dry-run", *flags])
    assert done.exit_code == 0, done.output
    assert contents(made.folder.path) == before
    return done.output


def contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_dry_run_says_what_is_left_of_a_run_and_touches_nothing(tmp_path: Path) -> None:
    made, windows = world(tmp_path), list[bool]()

    def fail_in_the_third(of_nothing: bool) -> None:
        windows.append(of_nothing)
        if windows.count(False) == 3:
            raise ToolFailedError("the load host is gone")

    made.loading = fail_in_the_third
    with pytest.raises(ToolFailedError):
        made.apply()
    assert "interrupted at" in dry_run(made)
    assert "2 cells in 1 round: 2 trials" in dry_run(made)
    view = json.loads(dry_run(made, "--json"))
    assert [stage["stage"] for stage in view["stages"]][::5] == ["take hosts", "clean up"]
    bundle = made.folder.bundle / "experiment.json"
    bundle.write_text(bundle.read_text() + " ")
    refused = CliRunner().invoke(resume_alone, [str(made.folder.path), "--dry-run"])
    assert "is not the bundle that run" in str(refused.exception)
    bundle.write_text(bundle.read_text()[:-1])
    made.loading = lambda _of_nothing: None
    made.apply()
    assert "is complete: there is nothing left to do" in dry_run(made)


def test_every_stage_is_explained(tmp_path: Path) -> None:
    stages = stages_of(world(tmp_path), RunState())
    explained = explain(stages)
    assert [name for name, _ in explained] == ["take hosts", "prepare", "prove", "calibrate", "measure", "clean up"]
    assert explained[4][1] == "2 cells in 2 rounds: 4 trials"
    measure = measure_of(stages)
    for least, words in ((1, "1 to 2 rounds"), (0, "at most 2 rounds")):
        ((_, text),) = explain([replace(measure, least=least)])
        assert text == f"2 cells in {words}: 4 trials at most"
    assert all(text for _, text in explained)
