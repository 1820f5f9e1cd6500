"""What `lab` says when it must stop: diagnostics with source positions, and the tree of its errors.

LabError
 ├─ InvalidExperimentError   a mistake in an experiment, a manifest or a flag: exit 2
 └─ EmptySelectionError      `--only` or `-k` select no cell: exit 5
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import ClassVar

_WIDEST_LINE = 160


class Code(Enum):
    """Every diagnostic's code, and what it stands for."""

    NOT_YAML = "LAB001", "The text is not one YAML document."
    TOO_COMPLEX = "LAB002", "The text exceeds the limits on size, depth or aliases, or uses tags."
    DUPLICATE_KEY = "LAB003", "A mapping has the same key twice."
    KEY_NOT_TEXT = "LAB004", "A key is not a text."
    WRONG_TYPE = "LAB010", "A value is of another kind than the key takes."
    MISSING_KEY = "LAB011", "A required key is missing."
    UNKNOWN_KEY = "LAB012", "The key is not one that may stand here."
    OUT_OF_RANGE = "LAB013", "A value is outside the choices or bounds of its key."
    MALFORMED = "LAB014", "A text does not follow the notation of its key."
    NAME_DIFFERS = "LAB015", "The experiment's name is not the name of its file."
    UNKNOWN_NAME = "LAB020", "Nothing of that name exists."
    UNKNOWN_AXIS = "LAB021", "Neither an axis nor a parameter that a manifest in use declares."
    BAD_PARAMETER = "LAB022", "A parameter's value is not one that its manifest allows."
    LISTED_TWICE = "LAB023", "An axis or a list of hardware holds the same value twice."
    UNUSED_VALUE = "LAB030", "A value of the matrix ends up in no cell."
    EMPTY_MATRIX = "LAB031", "The matrix has no cell."
    NO_EFFECT = "LAB032", "An exclude or include entry changes nothing."
    IMPOSSIBLE_INCLUDE = "LAB033", "An include entry does not make a cell that can run."
    NO_BASELINE = "LAB034", "The baseline matches no cell."
    AMBIGUOUS_BASELINE = "LAB035", "Several baseline cells are equally near to a cell."
    CRITERION_WITHOUT_CELL = "LAB036", "A criterion speaks of cells that do not exist."
    OVER_BUDGET = "LAB037", "The worst case exceeds the experiment's budget."
    INCONSISTENT_MANIFEST = "LAB050", "A manifest contradicts itself or the files beside it."

    def __init__(self, number: str, meaning: str) -> None:
        self.number = number
        self.meaning = meaning


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of one line of a file; line and column count from 1."""

    file: str
    line: int
    column: int
    width: int
    text: str
    """The whole source line."""


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One mistake: where it is, what it is, and what helps."""

    code: Code
    message: str
    span: Span | None = None
    """None where no file is to blame, as for a flag."""
    label: str = ""
    help: str = ""

    def __str__(self) -> str:
        lines = [f"error[{self.code.number}]: {self.message}"]
        margin = ""
        if self.span is not None:
            margin = " " * len(str(self.span.line))
            lines += _frame(self.span, self.label, margin)
        advice = [self.help] if self.span is not None else [self.label, self.help]
        lines += [f"{margin} = help: {line}" for line in advice if line]
        return "\n".join(lines)


def _frame(span: Span, label: str, margin: str) -> list[str]:
    start = span.column - 1
    clip = max(0, start - _WIDEST_LINE // 2)
    text = "".join(c if c.isprintable() else " " for c in span.text[clip : clip + _WIDEST_LINE])
    carets = "^" * max(1, min(span.width, len(text) - (start - clip)))
    return [
        f"{margin}--> {span.file}:{span.line}:{span.column}",
        f"{margin} |",
        f"{span.line} | {text}".rstrip(),
        f"{margin} | {' ' * (start - clip)}{carets} {label}".rstrip(),
    ]


def nearest(word: str, known: Iterable[str]) -> str:
    """Ask ``did you mean …?`` for the known word that `word` may stand for; empty where none is near."""
    matches = difflib.get_close_matches(word, sorted(known), n=1, cutoff=0.6)
    return f"did you mean `{matches[0]}`?" if matches else ""


class LabError(Exception):
    """An end that `lab` explains in words; `exit_code` is the command's."""

    exit_code: ClassVar[int]


class InvalidExperimentError(LabError):
    """Everything that is wrong with the input, in the order of its lines."""

    exit_code = 2

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics = tuple(sorted(diagnostics, key=_position))
        super().__init__("\n\n".join(map(str, self.diagnostics)))


class EmptySelectionError(LabError):
    """No cell is left to measure."""

    exit_code = 5


def _position(diagnostic: Diagnostic) -> tuple[str, int, int, str]:
    span = diagnostic.span
    return (span.file, span.line, span.column, diagnostic.code.number) if span else ("", 0, 0, diagnostic.code.number)


def raise_all(diagnostics: Iterable[Diagnostic]) -> None:
    """Raise InvalidExperimentError if there is anything to say."""
    if found := tuple(diagnostics):
        raise InvalidExperimentError(found)
