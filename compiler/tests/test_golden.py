"""Small experiments, and every byte of their plans and bundles."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmark_lab.bundle import Cells, Experiment, Schedule
from benchmark_lab.cli.views.plan_markdown import markdown
from benchmark_lab.cli.views.plan_text import text
from benchmark_lab.emit import emit
from benchmark_lab.experiment import Changes
from tests.compiling import TESTS, plan_text

CASES = sorted(path.parent for path in (TESTS / "golden").glob("*/*.yaml"))
NAMES = [case.name for case in CASES]


def compiled(case: Path) -> dict[str, str]:
    """The files of a case: its plan as people read it, and its bundle."""
    plan = plan_text((case / f"{case.name}.yaml").read_text(), name=case.name)
    bundle = emit(plan)
    copies = "".join(f"{path}\n" for path in bundle.copies)
    views = {"plan.txt": text(plan), "plan.md": markdown(f"{case.name}.yaml", plan), "copies.txt": copies}
    return {**views, **{f"bundle/{path}": content for path, content in bundle.files.items()}}


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_an_experiment_compiles_to_its_golden_files(case: Path, update_golden: bool) -> None:
    expected = case / "expected"
    files = compiled(case)
    if update_golden:
        for stale in (path for path in expected.rglob("*") if path.is_file()):
            stale.unlink()
        for path, content in files.items():
            (expected / path).parent.mkdir(parents=True, exist_ok=True)
            (expected / path).write_text(content)
    found = {path.relative_to(expected).as_posix(): path.read_text() for path in expected.rglob("*") if path.is_file()}
    assert files == found


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_compiling_twice_gives_the_same_bytes(case: Path) -> None:
    assert compiled(case) == compiled(case)


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_a_bundle_is_read_back_by_the_models_that_apply_uses(case: Path) -> None:
    files = compiled(case)
    cells = Cells.model_validate_json(files["bundle/cells.json"])
    schedule = Schedule.model_validate_json(files["bundle/schedule.json"])
    experiment = Experiment.model_validate_json(files["bundle/experiment.json"])
    assert [block.hardware for block in schedule.blocks] == [hardware.name for hardware in experiment.hardware]
    positions = sorted(position for block in schedule.blocks for position in block.rounds[0])
    assert positions == list(range(len(cells.cells)))
    assert all(len(block.rounds) == experiment.rounds.max for block in schedule.blocks)


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_cell_ids_are_unique_and_safe_as_file_names(case: Path) -> None:
    cells = json.loads(compiled(case)["bundle/cells.json"])["cells"]
    ids = [cell["id"] for cell in cells]
    assert len(set(ids)) == len(ids)
    assert all(
        set(cell_id) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._=+-~") for cell_id in ids
    )


def test_a_bundle_with_flags_differs_from_one_without() -> None:
    case = TESTS / "golden" / "one-cell"
    source = (case / "one-cell.yaml").read_text()
    assert emit(plan_text(source, Changes(rounds=1), "one-cell")) != emit(plan_text(source, name="one-cell"))
