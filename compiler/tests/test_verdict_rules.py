"""Rules of the verdict: a file each, found by lying in their package, and refused where they contradict others."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from benchmark_lab.bundle import Thresholds
from benchmark_lab.judge.case import Case
from benchmark_lab.judge.reasons import REASONS, WARNINGS
from benchmark_lab.judge.rule import Rule
from tests.measurements.records import Record, record
from tests.measurements.verdicts import VERDICTS

RULES = (*REASONS, *WARNINGS)
COMPILER = Path(__file__).parents[1]
TOY = '''\
"""The reason `toy-limited`."""

from benchmark_lab.judge.case import Case
from benchmark_lab.judge.rule import reason


@reason("toy-limited", rank=125, thresholds=("requests",), bound="network")
def toy_limited(case: Case) -> str | None:
    """A toy held up the load.

    Toys are heavy.

    Do: put the toy away.
    """
    return f"{case.k6.requests:,} requests met the toy"
'''
TOLD = """\
import json

from benchmark_lab.judge import is_bounded
from benchmark_lab.judge.reasons import REASONS
from benchmark_lab.search.ladder import Rung
from benchmark_lab.search.slo import Probed
from tests.measurements.records import record
from tests.verdict_page import page_anew

valid, unstable = record("valid-closed").judge(), record("network-limited").judge()
print(json.dumps({
    "codes": [rule.code for rule in REASONS],
    "reasons": [[reason.code, reason.evidence] for reason in valid.reasons],
    "order": [reason.code for reason in unstable.reasons],
    "bottleneck": [valid.bottleneck, valid.bottleneck_evidence],
    "is_bounded": [is_bounded(valid), is_bounded(unstable)],
    "searched": [Rung.of(32, valid).outcome, Probed.of(300, valid, ()).outcome],
    "page": page_anew(),
}))
"""
"""What becomes of trials, and of the page, by the package that is found first."""


def run(folder: Path, toy: str, program: str) -> subprocess.CompletedProcess[str]:
    """Run a program with a copy of the package that has one file more among its reasons."""
    ignored = shutil.ignore_patterns("skeletons", "__pycache__")
    shutil.copytree(COMPILER / "benchmark_lab", folder / "benchmark_lab", ignore=ignored)
    (folder / "benchmark_lab" / "judge" / "reasons" / "toy.py").write_text(toy)
    return subprocess.run(
        [sys.executable, "-c", program],
        cwd=folder,
        env={"PYTHONPATH": f"{folder}{os.pathsep}{COMPILER}"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_reason_in_a_file_of_its_own_is_all_that_it_takes(tmp_path: Path) -> None:
    done = run(tmp_path, TOY, TOLD)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    load = record("valid-closed").measurement.load
    assert load is not None
    evidence = f"{load.requests:,} requests met the toy"
    before = [rule.code for rule in REASONS]
    place = before.index("network-limited") + 1
    assert told["codes"] == [*before[:place], "toy-limited", *before[place:]]
    assert told["reasons"] == [["toy-limited", evidence]]
    assert told["order"] == ["network-limited", "toy-limited", "no-steady-state"]
    assert told["bottleneck"] == ["network", evidence]
    assert told["is_bounded"] == [True, False]
    assert told["searched"] == ["bounded", "bounded"]
    assert "| [`toy-limited`](#toy-limited) | `requests` | lower bound, `network` |\n" in told["page"]
    section = "### `toy-limited`\n\nA toy held up the load.\n\nToys are heavy.\n\n**Do:** put the toy away.\n"
    assert section in told["page"]
    assert "| [`toy-limited`](#toy-limited), [`too-few-samples`](#too-few-samples) |\n" in told["page"]


@pytest.mark.parametrize(
    ("written", "instead", "message"),
    [
        (
            '"toy-limited", rank=125',
            '"errors", rank=125',
            (
                "reason `errors` of benchmark_lab.judge.reasons.toy and "
                "reason `errors` of benchmark_lab.judge.reasons.errors have the same code, errors"
            ),
        ),
        (
            "rank=125",
            "rank=120",
            (
                "reason `network-limited` of benchmark_lab.judge.reasons.network_limited and "
                "reason `toy-limited` of benchmark_lab.judge.reasons.toy have the same rank, 120"
            ),
        ),
        (
            "    Do: put the toy away.\n",
            "",
            (
                "reason `toy-limited` of benchmark_lab.judge.reasons.toy: its docstring must say what it means, "
                "then `Do:` and what the user does"
            ),
        ),
        (
            '("requests",)',
            '("request",)',
            "reason `toy-limited` of benchmark_lab.judge.reasons.toy: there is no threshold `request`",
        ),
        (
            "rank=125",
            'rank=125, unless=("no-steady-state",)',
            "reason `toy-limited` of benchmark_lab.judge.reasons.toy: no reason `no-steady-state` has a lower rank",
        ),
    ],
    ids=["code", "rank", "advice", "threshold", "unless"],
)
def test_a_reason_that_contradicts_others_or_says_too_little_is_refused_at_import(
    tmp_path: Path, written: str, instead: str, message: str
) -> None:
    assert TOY.count(written) == 1
    done = run(tmp_path, TOY.replace(written, instead), "import benchmark_lab.judge")
    assert done.stderr.splitlines()[-1] == f"ValueError: {message}"


def test_every_threshold_decides_something() -> None:
    assert {name for rule in RULES for name in rule.thresholds} == set(Thresholds.model_fields)


class Watched:
    """Thresholds that know which of them were read."""

    def __init__(self, thresholds: Thresholds) -> None:
        self.thresholds = thresholds
        self.read: set[str] = set()

    def __getattr__(self, name: str) -> object:
        self.read.add(name)
        return getattr(self.thresholds, name)


@cache
def recorded() -> tuple[Record, ...]:
    return tuple(map(record, VERDICTS))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.kind}-{rule.code}")
def test_a_rule_reads_the_thresholds_that_it_names(rule: Rule) -> None:
    read: set[str] = set()
    for of in recorded():
        for shared_host in (True, False):
            watched = Watched(of.thresholds)
            case = Case(
                of.measurement,
                of.cell,
                of.load,
                watched,  # type: ignore[arg-type]  # stands in for Thresholds
                of.calibration,
                of.operations,
                shared_host=shared_host,
            )
            rule.find(case, ())
            read |= watched.read
    assert read == set(rule.thresholds)
