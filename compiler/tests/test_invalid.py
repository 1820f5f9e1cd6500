"""Wrong experiments and scenarios, and to the letter what is said about them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from benchmark_lab.cli.input.project import read_catalog
from benchmark_lab.diagnostics import Code, InvalidExperimentError
from benchmark_lab.source import decode
from tests.compiling import REPO, TESTS, plan_text

CASES = sorted((TESTS / "invalid").glob("*.yaml"))
SCENARIOS = sorted((TESTS / "invalid" / "scenarios").glob("*.yaml"))
"""Manifests that contradict the API of `repo/`."""


def complaint(case: Path) -> str:
    with pytest.raises(InvalidExperimentError) as raised:
        plan_text(decode(case.name, case.read_bytes()), name=case.stem)
    return f"{raised.value}\n"


def assert_golden(case: Path, found: str, *, update: bool) -> None:
    expected = case.with_suffix(".txt")
    if update:
        expected.write_text(found)
    assert found == expected.read_text()


@pytest.mark.parametrize("case", CASES, ids=[case.stem for case in CASES])
def test_a_wrong_experiment_is_refused_with_its_exact_words(case: Path, update_golden: bool) -> None:
    assert_golden(case, complaint(case), update=update_golden)


@pytest.mark.parametrize("case", SCENARIOS, ids=[case.stem for case in SCENARIOS])
def test_a_wrong_scenario_is_refused_with_its_exact_words(case: Path, tmp_path: Path, update_golden: bool) -> None:
    shutil.copytree(REPO, tmp_path, dirs_exist_ok=True)
    shutil.copy(case, tmp_path / "scenarios")
    (tmp_path / "scenarios" / f"{case.stem}.js").touch()
    with pytest.raises(InvalidExperimentError) as raised:
        read_catalog(tmp_path)
    assert_golden(case, f"{raised.value}\n", update=update_golden)


def test_every_complaint_belongs_to_a_case() -> None:
    cases = {case.with_suffix(".txt") for case in (*CASES, *SCENARIOS)}
    assert set((TESTS / "invalid").rglob("*.txt")) == cases


def test_every_code_has_a_case() -> None:
    said = "".join(path.read_text() for path in (TESTS / "invalid").rglob("*.txt"))
    assert [code.number for code in Code if code.number not in said] == []
