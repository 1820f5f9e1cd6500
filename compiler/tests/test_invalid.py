"""Wrong experiment files, and to the letter what is said about them."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmark_lab.diagnostics import Code, InvalidExperimentError
from benchmark_lab.source import decode
from tests.compiling import TESTS, plan_text

CASES = sorted((TESTS / "invalid").glob("*.yaml"))


def complaint(case: Path) -> str:
    with pytest.raises(InvalidExperimentError) as raised:
        plan_text(decode(case.name, case.read_bytes()), name=case.stem)
    return f"{raised.value}\n"


@pytest.mark.parametrize("case", CASES, ids=[case.stem for case in CASES])
def test_a_wrong_experiment_is_refused_with_its_exact_words(case: Path, update_golden: bool) -> None:
    expected = case.with_suffix(".txt")
    found = complaint(case)
    if update_golden:
        expected.write_text(found)
    assert found == expected.read_text()


def test_every_complaint_belongs_to_a_case() -> None:
    assert {path.stem for path in (TESTS / "invalid").glob("*.txt")} == {case.stem for case in CASES}


def test_every_code_that_an_experiment_can_meet_has_a_case() -> None:
    said = "".join(path.read_text() for path in (TESTS / "invalid").glob("*.txt"))
    of_manifests = {Code.INCONSISTENT_MANIFEST}
    assert {code.number for code in Code if code.number not in said} == {code.number for code in of_manifests}
