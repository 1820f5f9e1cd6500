"""The project's own files: its catalog, its experiments, and the schemas that editors use."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft7Validator

from benchmark_lab.catalog import Catalog
from benchmark_lab.cli.input.project import plan_file, read_catalog
from benchmark_lab.cli.schema import FileKind, reference_text, schema_text
from benchmark_lab.diagnostics import Code
from benchmark_lab.emit import emit
from benchmark_lab.experiment import Changes
from benchmark_lab.judge.metrics import METRICS, Metric
from tests.compiling import PROJECT, TESTS

EXPERIMENTS = sorted((PROJECT / "experiments").glob("*.yaml"))
MANIFESTS = {
    FileKind.EXPERIMENT: [*EXPERIMENTS, *sorted((TESTS / "golden").glob("*/*.yaml"))],
    FileKind.IMPLEMENTATION: sorted(PROJECT.glob("implementations/*/implementation.yaml")),
    FileKind.LANGUAGE: sorted(PROJECT.glob("implementations/languages/*/language.yaml")),
    FileKind.SCENARIO: sorted(PROJECT.glob("scenarios/*.yaml")),
    FileKind.TARGET: sorted(PROJECT.glob("infra/*/target.yaml")),
}


def loaded(file: Path) -> object:
    return yaml.safe_load(file.read_text())


@cache
def catalog() -> Catalog:
    return read_catalog(PROJECT)


@pytest.mark.parametrize("file", EXPERIMENTS, ids=[file.stem for file in EXPERIMENTS])
def test_a_shipped_experiment_compiles_within_its_budget(file: Path) -> None:
    bundle = emit(plan_file(file, catalog(), Changes()))
    assert all((PROJECT / path).exists() for path in bundle.copies)


@pytest.mark.parametrize("file", EXPERIMENTS, ids=[file.stem for file in EXPERIMENTS])
def test_a_shipped_experiment_names_its_schema_for_editors(file: Path) -> None:
    assert file.read_text().startswith("# yaml-language-server: $schema=../spec/experiment.schema.json\n")


def test_the_readme_explains_every_code() -> None:
    text = (PROJECT / "compiler" / "README.md").read_text()
    rows = [f"| {code.number} | {code.meaning} |" for code in Code]
    assert [line for line in text.splitlines() if line.startswith("| LAB")] == rows


def test_operations_add_rows_to_tables_that_the_schema_has() -> None:
    schema = (PROJECT / "spec" / "database" / "schema.sql").read_text()
    effects = {table for operation in catalog().operations.values() for table in operation.effects}
    assert effects <= set(re.findall(r"^CREATE TABLE (\w+)", schema, re.MULTILINE))


def test_k6_counts_the_successes_of_operations_that_leave_a_trace() -> None:
    counted = re.findall(r"counted: '(\w+)'", (PROJECT / "scenarios" / "lib" / "requests.js").read_text())
    operations = catalog().operations
    traced = {name for name, operation in operations.items() if operation.effects or "upstream" in operation.uses}
    assert set(counted) == traced


@pytest.mark.parametrize("kind", list(FileKind))
def test_a_schema_is_fresh_and_of_draft_07(kind: FileKind, update_golden: bool) -> None:
    text = schema_text(kind)
    file = PROJECT / "spec" / f"{kind}.schema.json"
    if update_golden:
        file.write_text(text)
    assert file.read_text() == text
    Draft7Validator.check_schema(json.loads(text))
    assert "prefixItems" not in text
    assert "$defs" not in text


GENERATED = "<!-- What follows is written by `make golden`. -->\n\n"
PAGES = {
    "experiment.md": [FileKind.EXPERIMENT],
    "manifests.md": [FileKind.IMPLEMENTATION, FileKind.SCENARIO, FileKind.TARGET],
}


@pytest.mark.parametrize("page", PAGES)
def test_the_reference_of_the_keys_is_fresh(page: str, update_golden: bool) -> None:
    file = PROJECT / "docs" / page
    by_hand, _, generated = file.read_text().partition(GENERATED)
    written = "\n".join(map(reference_text, PAGES[page]))
    if page == "experiment.md":
        written += f"\n{metrics_text()}"
    if update_golden:
        file.write_text(by_hand + GENERATED + written)
        generated = written
    assert generated == written


RANKS = {
    "ranked": "yes",
    "tail": "not where all roles share one machine",
    "set-by-rate": "closed loop alone: an open load's rate sets it",
    "informative": "no: it says why, and may be 0",
}
SHARES = "A share goes from 0 to 1. A metric that a scenario is not about, or that needs more requests, has no figure."


def ranks(metric: Metric) -> str:
    """Say where a metric ranks: no latency of a closed loop does."""
    words = RANKS[metric.ranking]
    return f"open loop alone{words.replace('yes', '').replace('not', ', not')}" if "latency" in metric.name else words


def metrics_text() -> str:
    rows = [f"| `{each.name}` | {each.noun} | {each.unit} | {ranks(each)} |" for each in METRICS.values()]
    heading = ["| name in `criteria` | what | unit | ranks |", "|---|---|---|---|"]
    return "\n".join(["## Metrics", "", *heading, *rows, "", SHARES, ""])


@pytest.mark.parametrize("kind", list(FileKind))
def test_editors_accept_what_lab_accepts(kind: FileKind) -> None:
    schema = Draft7Validator(json.loads(schema_text(kind)))
    problems = {file: [error.message for error in schema.iter_errors(loaded(file))] for file in MANIFESTS[kind]}
    assert {file: messages for file, messages in problems.items() if messages} == {}


@pytest.mark.parametrize("name", ["unknown-keys", "numbers-and-texts", "missing-keys", "nothing-right", "shares"])
def test_editors_refuse_what_lab_refuses(name: str) -> None:
    text = (TESTS / "invalid" / f"{name}.yaml").read_text()
    assert not Draft7Validator(json.loads(schema_text(FileKind.EXPERIMENT))).is_valid(yaml.safe_load(text))


def test_the_database_takes_as_many_connections_as_any_scenario_may_ask_for() -> None:
    defaults = loaded(PROJECT / "playbooks" / "roles" / "postgresql" / "defaults" / "main.yml")
    pools = [
        scenario.parameters["pool_size"].max
        for scenario in catalog().scenarios.values()
        if "pool_size" in scenario.parameters
    ]
    assert isinstance(defaults, dict)
    for pool in pools:
        assert pool
        assert int(defaults["postgresql_settings"]["max_connections"]) >= pool + 100
