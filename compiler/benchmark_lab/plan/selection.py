"""Selects the cells that `--only` and `-k` leave."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import NoReturn

from benchmark_lab.bundle import Cell
from benchmark_lab.catalog import text_of
from benchmark_lab.diagnostics import Code, Diagnostic, EmptySelectionError, InvalidExperimentError
from benchmark_lab.experiment import Changes

Predicate = Callable[[str], bool]
_TOKEN = re.compile(r"\(|\)|[^\s()]+")


def select(cells: Sequence[Cell], changes: Changes) -> tuple[int, ...]:
    """Return the positions of the cells that the flags leave; EmptySelectionError where no cell is left."""
    matches = parse_keywords(changes.keywords) if changes.keywords.strip() else None
    chosen = tuple(
        position
        for position, cell in enumerate(cells)
        if _has(cell, changes.only) and (matches is None or matches(cell.id))
    )
    if not chosen:
        flags = [f"--only {axis}={value}" for axis, value in changes.only]
        flags += [f"-k '{changes.keywords}'"] if matches else []
        some = ", ".join(cell.id for cell in cells[:3])
        raise EmptySelectionError(f"{' '.join(flags)} selects none of the {len(cells)} cells, such as {some}")
    return chosen


def _has(cell: Cell, only: Sequence[tuple[str, str]]) -> bool:
    """True if a cell has one of the values asked for on each axis."""
    axes = {
        "implementation": cell.implementation,
        "server": cell.server,
        "workers": cell.workers,
        "scenario": cell.scenario,
        "hardware": cell.hardware,
        **cell.parameters,
    }
    wanted: dict[str, set[str]] = {}
    for axis, value in only:
        wanted.setdefault(axis, set()).add(value)
    return all(axis in axes and text_of(axes[axis]) in values for axis, values in wanted.items())


def parse_keywords(text: str) -> Predicate:
    """Read words joined by `and`, `or`, `not` and parentheses, as pytest does, into a test of cell ids.

    A word is found anywhere in an id, whatever its case, but never cuts a number: `w1` is not in `w16`.
    """
    parser = _Parser(_TOKEN.findall(text))
    predicate = parser.any_of()
    if parser.next is not None:
        parser.fail()
    return predicate


class _Parser:
    """The parser of keywords, by recursive descent: `or` binds weakest, then `and`, then `not`."""

    def __init__(self, tokens: Sequence[str]) -> None:
        self._tokens: Iterator[str] = iter(tokens)
        self._text = " ".join(tokens)
        self.next: str | None = next(self._tokens, None)

    def any_of(self) -> Predicate:
        alternatives = [self._all_of()]
        while self._take("or"):
            alternatives.append(self._all_of())
        return lambda cell: any(test(cell) for test in alternatives)

    def _all_of(self) -> Predicate:
        conditions = [self._negation()]
        while self._take("and"):
            conditions.append(self._negation())
        return lambda cell: all(test(cell) for test in conditions)

    def _negation(self) -> Predicate:
        if self._take("not"):
            negated = self._negation()
            return lambda cell: not negated(cell)
        if self._take("("):
            group = self.any_of()
            if not self._take(")"):
                self.fail()
            return group
        word = self.next
        if word is None or word in (")", "and", "or"):
            self.fail()
        self._take(word)
        pattern = re.compile(_uncut(word), re.IGNORECASE)
        return lambda cell: pattern.search(cell) is not None

    def _take(self, token: str) -> bool:
        if self.next != token:
            return False
        self.next = next(self._tokens, None)
        return True

    def fail(self) -> NoReturn:
        found = "its end" if self.next is None else f"`{self.next}`"
        message = f"-k '{self._text}' cannot be read at {found}"
        advice = "write words joined by and, or, not and parentheses"
        raise InvalidExperimentError([Diagnostic(Code.MALFORMED, message, help=advice)])


def _uncut(word: str) -> str:
    before = r"(?<!\d)" if word[0].isdigit() else ""
    after = r"(?!\d)" if word[-1].isdigit() else ""
    return f"{before}{re.escape(word)}{after}"
