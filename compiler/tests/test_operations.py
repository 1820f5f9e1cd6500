"""A toy operation of the API, which nothing but its project declares: planned, observed and judged."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from benchmark_lab.bundle import BundledOperation, BundledScenario, Experiment
from benchmark_lab.cli.input.project import read_catalog
from benchmark_lab.diagnostics import InvalidExperimentError
from benchmark_lab.emit import emit
from benchmark_lab.experiment import Changes
from benchmark_lab.plan import make_plan
from benchmark_lab.records import DatabaseObservation
from benchmark_lab.resolve import resolve
from benchmark_lab.source import parse
from tests.compiling import REPO, experiment
from tests.measurements.records import record

TOY = "{uses: [database], effects: {notes: 2}}"
MANIFEST = """
schema: 1
title: Notes
measures: The cost of two notes.
bottleneck: The database's commits.
endpoints: [getHealth, postNotes]
writes: true
"""


def project(folder: Path, x_lab: str = TOY) -> Path:
    """A copy of the fixed project whose API has another operation, and a scenario that calls it."""
    shutil.copytree(REPO, folder, dirs_exist_ok=True)
    with (folder / "spec" / "openapi.yaml").open("a") as api:
        api.write(f"  /notes:\n    post: {{operationId: postNotes, x-lab: {x_lab}}}\n")
    with (folder / "spec" / "database" / "schema.sql").open("a") as schema:
        schema.write("CREATE TABLE notes (id bigserial PRIMARY KEY, text text NOT NULL);\n")
    (folder / "scenarios" / "04-notes.yaml").write_text(MANIFEST.lstrip())
    (folder / "scenarios" / "04-notes.js").write_text("// The compiler reads the manifest beside it only.\n")
    return folder


def bundled(folder: Path) -> BundledScenario:
    """The scenario as `lab apply` reads it."""
    text = experiment(matrix="implementation: python-alpha, scenario: 04-notes")
    plan = make_plan(resolve(parse("example.yaml", text), read_catalog(folder), Changes()))
    (scenario,) = Experiment.model_validate_json(emit(plan).files["experiment.json"]).scenarios
    return scenario


def test_a_bundle_says_what_a_new_operation_uses_and_how_many_rows_it_adds(tmp_path: Path) -> None:
    scenario = bundled(project(tmp_path))
    assert scenario.operations == {
        "getHealth": BundledOperation(uses=()),
        "postNotes": BundledOperation(uses=("database",), effects={"notes": 2}),
    }
    assert scenario.tables == ["notes"]


@pytest.mark.parametrize(("added", "codes"), [(200, []), (199, ["rows-missing"])])
def test_the_rows_of_a_new_operation_are_judged_by_its_successes(tmp_path: Path, added: int, codes: list[str]) -> None:
    operations = bundled(project(tmp_path)).operations
    of = record("valid-closed").model_copy(update={"operations": operations})
    counted = DatabaseObservation(rows_added={"notes": added})
    trial = of.having(load={"successes": {"postNotes": 100}}, database=counted).judge()
    assert [reason.code for reason in trial.reasons] == codes
    assert [reason.evidence for reason in trial.reasons] == [
        "the successful responses account for 200 new rows of notes, and 199 were added" for _ in codes
    ]


@pytest.mark.parametrize(
    ("x_lab", "said"),
    [
        ("{use: [database]}", "unknown key `use` in `x-lab`"),
        ("{uses: [databse]}", "did you mean `database`?"),
        ("{effects: {notes: 2}}", "`uses` is missing"),
        ("{uses: [], effects: {notes: 2}}", "must have `database` among its uses where it has effects"),
        ("{uses: [database], effects: {notes: 0}}", "`notes` must be at least 1"),
        ("{uses: [database], effects: {Notes: 1}}", "must be spelled in lower-case letters, digits and underscores"),
    ],
)
def test_a_slip_in_an_operation_is_the_only_one_that_is_told(tmp_path: Path, x_lab: str, said: str) -> None:
    with pytest.raises(InvalidExperimentError) as raised:
        read_catalog(project(tmp_path, x_lab))
    assert said in str(raised.value)
    assert {found.span and found.span.file for found in raised.value.diagnostics} == {"spec/openapi.yaml"}


def test_an_operation_that_does_not_say_what_it_uses_is_refused(tmp_path: Path) -> None:
    folder = project(tmp_path)
    api = folder / "spec" / "openapi.yaml"
    api.write_text(api.read_text().replace(f", x-lab: {TOY}", ""))
    with pytest.raises(InvalidExperimentError, match="`x-lab` is missing"):
        read_catalog(folder)


def test_effects_are_on_tables_of_the_schema(tmp_path: Path) -> None:
    with pytest.raises(InvalidExperimentError, match="`postNotes` has effects on `note`") as raised:
        read_catalog(project(tmp_path, "{uses: [database], effects: {note: 2}}"))
    assert "did you mean `notes`?" in str(raised.value)


def test_an_operation_is_named_once(tmp_path: Path) -> None:
    folder = project(tmp_path)
    with (folder / "spec" / "openapi.yaml").open("a") as api:
        api.write("  /more-notes:\n    post: {operationId: postNotes, x-lab: {uses: []}}\n")
    with pytest.raises(InvalidExperimentError, match="must name each operation once: postNotes is there twice"):
        read_catalog(folder)
