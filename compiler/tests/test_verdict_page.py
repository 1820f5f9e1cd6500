"""docs/verdicts.md: what the rules say of themselves, and that it names every limit of a closed load."""

from __future__ import annotations

import re
from typing import get_args

from benchmark_lab.records import SERVER_BOTTLENECKS, Bottleneck
from tests.verdict_page import PAGE, WIDTH, page_anew


def test_the_page_says_what_the_rules_and_thresholds_say(update_golden: bool) -> None:
    text = page_anew()
    if update_golden:
        PAGE.write_text(text, encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == text


def test_lines_outside_tables_are_short() -> None:
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if len(line) > WIDTH and not line.startswith("|")] == []


def test_what_limits_a_closed_load_is_explained() -> None:
    section = PAGE.read_text(encoding="utf-8").split("\n## What limited a trial\n")[1]
    rows = re.findall(r"^\| `([a-z-]+)` \| (yes|no) \|", section, re.MULTILINE)
    assert {name for name, _ in rows} == set(get_args(Bottleneck))
    assert {name for name, own in rows if own == "yes"} == SERVER_BOTTLENECKS
