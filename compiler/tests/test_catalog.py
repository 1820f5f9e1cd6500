"""Manifests: what they may say, and what a contributor hears of a slip."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from benchmark_lab.catalog import Parameter, text_of
from benchmark_lab.catalog.load import load_catalog
from benchmark_lab.diagnostics import InvalidExperimentError
from benchmark_lab.source.shape import PlainScalar
from tests.compiling import REPO

IMPLEMENTATION = "implementations/python-alpha/implementation.yaml"
SCENARIO = "scenarios/02-list.yaml"
TARGET = "infra/local/target.yaml"
DRIVERS = ("aws_ec2", "local", "ssh")


def complaint(folder: Path, file: str, old: str, new: str) -> str:
    """What is said of the fixed catalog with one slip in one manifest."""
    shutil.copytree(REPO, folder, dirs_exist_ok=True)
    text = (folder / file).read_text()
    assert old in text
    (folder / file).write_text(text.replace(old, new, 1))
    with pytest.raises(InvalidExperimentError) as raised:
        load_catalog(folder, DRIVERS)
    return str(raised.value)


def test_a_contributors_slip_is_framed_like_a_users(tmp_path: Path) -> None:
    assert complaint(tmp_path, IMPLEMENTATION, "framework:", "framwork:") == (
        "error[LAB011]: `framework` is missing\n"
        f" --> {IMPLEMENTATION}:1:1\n"
        "  |\n"
        "1 | schema: 1\n"
        "  | ^^^^^^^^^\n"
        "  = help: The framework's name as its authors write it.\n"
        "\n"
        "error[LAB012]: unknown key `framwork` in this file\n"
        f" --> {IMPLEMENTATION}:2:1\n"
        "  |\n"
        "2 | framwork: Alpha\n"
        "  | ^^^^^^^^ did you mean `framework`?\n"
        "  = help: allowed keys: schema, framework, language, summary, build_on, build, versions, default_server, "
        "servers, cpu_us_per_request, parameters, known_differences"
    )


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        (IMPLEMENTATION, "schema: 1", "schema: 2", "`schema` must be `1`"),
        (IMPLEMENTATION, "language: python", "language: pyton", "did you mean `python`?"),
        (
            IMPLEMENTATION,
            "default_server: many",
            "default_server: lots",
            "must have a default_server among its servers",
        ),
        (IMPLEMENTATION, "{build}/venv", "{bild}/venv", "must not hold `{bild}`"),
        (IMPLEMENTATION, "{host}:{port}", "{{ host }}", "must not hold `{`"),
        (IMPLEMENTATION, "venv, venv]", "venv, '{port}']", "must not hold `{port}`"),
        (
            IMPLEMENTATION,
            "recommended: cpu",
            "recommended: cpus",
            "`recommended` must be a whole number or an expression",
        ),
        (IMPLEMENTATION, "{min: 1, max: 64", "{min: 65, max: 64", "must have min at most max"),
        (IMPLEMENTATION, 'THREADS: "1"', "THREADS: 1", 'quote it: "1"'),
        (
            IMPLEMENTATION,
            "default: 2048",
            "default: 0",
            "must have an allowed default: 0 must be 1 to 65535 connections",
        ),
        (IMPLEMENTATION, '["--backlog={value}"]}', "[x], env: BACKLOG}", "must have exactly one of env, k6_env"),
        (IMPLEMENTATION, "default: uvloop", "default: trio", "must be one of asyncio, uvloop"),
        (SCENARIO, "page_size:", "Page-Size:", "must be spelled in lower-case letters, digits and underscores"),
        (SCENARIO, "writes: false", "writes: no", "`writes` must be true or false"),
        (
            SCENARIO,
            "writes: false",
            "writes: false\nwork: {parameter: pages, unit: page, whole: true}",
            "must count its work by a parameter that is a number, which pages is not",
        ),
        (
            SCENARIO,
            "relative_cost: 2\nparameters:\n  page_size:\n    type: integer\n    unit: users\n    min: 1",
            "work: {parameter: page_size, unit: user, whole: true}\nparameters:\n  page_size:\n    type: integer",
            "must have a min above 0 for page_size, since a request is nothing else",
        ),
        (TARGET, "sut: {cpus: 1}, ", "", "`sut` is missing"),
        (TARGET, "driver: local", "hosts: machine", "`driver` is missing"),
        (TARGET, "driver: local", "hosts: machine", "unknown key `hosts` in this file"),
        (TARGET, "driver: local", "hosts: machine", "^^^^^ did you mean `driver`?"),
        (TARGET, "max_lanes: 1", "region: north-1", "the sut of infra/local/target.yaml has no type with a price"),
        ("infra/cloud/target.yaml", "region: north-1\n", "", "has prices, and infra/cloud/target.yaml no region"),
    ],
)
def test_slips_in_manifests_are_named(tmp_path: Path, file: str, old: str, new: str, said: str) -> None:
    assert said in complaint(tmp_path, file, old, new)


def test_a_driver_that_does_not_exist_is_named_beside_those_that_do(tmp_path: Path) -> None:
    assert complaint(tmp_path, TARGET, "driver: local", "driver: locl") == (
        "error[LAB020]: unknown driver `locl`\n"
        f" --> {TARGET}:3:9\n"
        "  |\n"
        "3 | driver: locl\n"
        "  |         ^^^^ did you mean `local`?\n"
        "  = help: known: aws_ec2, local, ssh"
    )


def test_all_manifests_slips_are_told_at_once(tmp_path: Path) -> None:
    shutil.copytree(REPO, tmp_path, dirs_exist_ok=True)
    (tmp_path / "implementations" / "Rust_Gamma").mkdir()
    (tmp_path / "implementations" / "Rust_Gamma" / "implementation.yaml").write_text("language: [")
    (tmp_path / "scenarios" / "list.yaml").write_text((tmp_path / SCENARIO).read_text())
    with pytest.raises(InvalidExperimentError) as raised:
        load_catalog(tmp_path, DRIVERS)
    assert [(found.code.number, found.message) for found in raised.value.diagnostics] == [
        ("LAB001", "not YAML: expected the node content, but found '<stream end>'"),
        ("LAB050", "`list` is no name: it is spelled like `03-db-read`"),
        ("LAB050", "the k6 script `list.js` is not beside its manifest"),
    ]


@pytest.mark.parametrize(
    ("value", "text"), [(True, "true"), (50, "50"), (0.5, "0.5"), (1e3, "1000"), ("a b", "a b"), (-0.25, "-0.25")]
)
def test_values_are_written_as_programs_read_them(value: PlainScalar, text: str) -> None:
    assert text_of(value) == text


def test_true_is_no_whole_number() -> None:
    parameter = Parameter.model_validate({"type": "integer", "description": "", "default": 1, "bind": {"k6_env": "N"}})
    assert parameter.problem(value=True) == "must be a whole number"


def test_a_parameter_has_a_name_of_its_own(tmp_path: Path) -> None:
    said = complaint(tmp_path, SCENARIO, "page_size:", "lock_waiters:")
    assert "parameter `lock_waiters` has the name of a key that every trial has" in said
