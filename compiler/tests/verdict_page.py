"""Rules and thresholds to the parts of docs/verdicts.md that say what each of them means."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import get_args

from benchmark_lab.bundle import Share, Thresholds
from benchmark_lab.judge.reasons import REASONS, WARNINGS
from benchmark_lab.judge.rule import Rule
from tests.measurements.records import record
from tests.measurements.verdicts import VERDICTS

PAGE = Path(__file__).parents[2] / "docs" / "verdicts.md"
WIDTH = 100
"""Columns of a line outside tables."""


def page_anew() -> str:
    """The page with these parts written anew; what stands outside their markers stays."""
    page = PAGE.read_text(encoding="utf-8")
    for name, lines in (("reasons", _reasons()), ("warnings", _warnings()), ("thresholds", _thresholds())):
        begin, end = f"<!-- {name}: written by make golden -->\n", f"<!-- end of {name} -->\n"
        before, _, rest = page.partition(begin)
        _, ended, after = rest.partition(end)
        assert ended, f"{PAGE.name} must have the lines {begin!r} and {end!r}, in this order"
        page = "\n".join((before + begin, *lines, end + after))
    return page


def _reasons() -> Iterator[str]:
    yield from _table(
        ("reason", "thresholds", "counts as"),
        ((_link(rule), _names(rule.thresholds), _counts_as(rule)) for rule in REASONS),
    )
    yield from _sections(REASONS)


def _counts_as(rule: Rule) -> str:
    if rule.bound:
        return f"lower bound, `{rule.bound}`"
    return "the server's own fault" if rule.own_fault else ""


def _warnings() -> Iterator[str]:
    yield from _sections(WARNINGS)


def _sections(rules: Sequence[Rule]) -> Iterator[str]:
    examples = _examples()
    for rule in rules:
        yield f"### {_heading(rule)}\n"
        for paragraph in (*rule.meaning.split("\n\n"), f"**Do:** {rule.advice}"):
            yield _wrapped(paragraph) + "\n"
        if rule.thresholds:
            yield f"Thresholds: {_names(rule.thresholds)}.\n"
        if example := examples.get((rule.kind, rule.code)):
            yield f"Evidence, for example:\n\n```text\n{_wrapped(example)}\n```\n"


def _examples() -> Mapping[tuple[str, str], str]:
    """By kind and code, evidence of a recorded trial: of the one that is called like the code, if there is one."""
    found: dict[tuple[str, str], str] = {}
    for name in VERDICTS:
        trial = record(name).judge()
        for kind, judged in (("reason", trial.reasons), ("warning", trial.warnings)):
            for one in judged:
                if name == one.code or (kind, one.code) not in found:
                    found[kind, one.code] = one.evidence
    return found


def _thresholds() -> Iterator[str]:
    yield from _table(
        ("threshold", "default", "what it bounds", "decides"),
        (
            (f"`{name}`", f"`{_default(name)}`", " ".join((field.description or "").split()), _deciders(name))
            for name, field in Thresholds.model_fields.items()
        ),
    )


def _default(name: str) -> str:
    """A threshold's default, as an experiment has it."""
    is_share = Thresholds.model_fields[name].metadata == [*get_args(Share)[1:]]
    value = getattr(Thresholds(), name)
    return f"{100 * value:.4g}%" if is_share else f"{value:.4g}"


def _deciders(threshold: str) -> str:
    return ", ".join(_link(rule) for rule in (*REASONS, *WARNINGS) if threshold in rule.thresholds)


def _heading(rule: Rule) -> str:
    return f"`{rule.code}`" if rule.kind == "reason" else f"Warning `{rule.code}`"


def _link(rule: Rule) -> str:
    return (
        f"[`{rule.code}`](#{rule.code})" if rule.kind == "reason" else f"[warning `{rule.code}`](#warning-{rule.code})"
    )


def _names(thresholds: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in thresholds)


def _table(head: Sequence[str], rows: Iterator[tuple[str, ...]]) -> Iterator[str]:
    for row in (head, ["---"] * len(head), *rows):
        yield f"| {' | '.join(row)} |"
    yield ""


def _wrapped(text: str) -> str:
    return textwrap.fill(" ".join(text.split()), WIDTH, break_long_words=False, break_on_hyphens=False)
