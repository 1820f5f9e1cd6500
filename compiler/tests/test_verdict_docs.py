"""docs/verdicts.md says of every code and every limit what the program does."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

from benchmark_lab.bundle import Limits
from benchmark_lab.judge.codes import ReasonCode, RemarkCode
from benchmark_lab.records import BOUNDS, OWN_LIMITS, LimitedBy

PAGE = (Path(__file__).parents[2] / "docs" / "verdicts.md").read_text()


def table(heading: str) -> list[list[str]]:
    """The rows of the first table below a heading, its own heading left out."""
    section = PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    rows = [line.split("|")[1:-1] for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row] for row in rows[2:]]


def names(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", text)


def test_reasons_are_documented_in_their_order() -> None:
    assert [name for row in table("Reasons") for name in names(row[0])] == list(get_args(ReasonCode))


def test_remarks_are_documented() -> None:
    assert {name for row in table("Remarks") for name in names(row[0])} == set(get_args(RemarkCode))


def test_every_limit_is_documented_with_its_default() -> None:
    documented = {row[0].strip("`"): row[1] for row in table("Limits")}
    defaults = Limits().model_dump()
    assert set(documented) == set(defaults)
    for name, written in documented.items():
        value = float(written.removesuffix(" %")) / 100 if written.endswith(" %") else float(written)
        assert value == defaults[name], name


def test_codes_refer_to_limits_that_there_are() -> None:
    used = [name for row in (*table("Reasons"), *table("Remarks")) for name in names(row[2])]
    assert set(used) == set(Limits.model_fields)


def test_each_limit_of_a_closed_load_is_explained() -> None:
    assert {name for row in table("What limited a trial") for name in names(row[0])} == set(get_args(LimitedBy))


def test_the_limits_that_are_the_servers_own_are_named() -> None:
    (sentence,) = (line for line in PAGE.splitlines() if "the server's own limits" in line)
    assert set(names(sentence)) == OWN_LIMITS


def test_the_reasons_that_leave_a_lower_bound_are_named() -> None:
    (sentence,) = (line for line in PAGE.splitlines() if "lower bound" in line and line.startswith("A trial"))
    assert set(names(sentence)) == set(BOUNDS)
