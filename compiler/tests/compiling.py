"""Experiments' text to plans against the fixed catalog of `repo/`."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from benchmark_lab.catalog import Catalog
from benchmark_lab.cli.input.project import read_catalog
from benchmark_lab.experiment import Changes
from benchmark_lab.plan import Plan, make_plan
from benchmark_lab.resolve import resolve
from benchmark_lab.source import parse

TESTS = Path(__file__).parent
REPO = TESTS / "repo"
PROJECT = TESTS.parent.parent


@cache
def catalog() -> Catalog:
    return read_catalog(REPO)


def plan_text(text: str, changes: Changes | None = None, name: str = "example") -> Plan:
    return make_plan(resolve(parse(f"{name}.yaml", text), catalog(), changes or Changes()))


def experiment(*lines: str, name: str = "example", target: str = "local", matrix: str = "", load: str = "") -> str:
    """Write an experiment: one cell, unless `matrix` holds other flow-style axes, and further top-level lines."""
    axes = matrix or "implementation: python-alpha, scenario: 01-ping"
    return "\n".join(
        (
            "schema: 1",
            f"name: {name}",
            "question: Is it?",
            f"target: {target}",
            f"matrix: {{{axes}}}",
            f"load: {load or '{model: open, rate: 1000}'}",
            *lines,
            "",
        )
    )
