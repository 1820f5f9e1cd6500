"""YAML text to a Document: plain values, and the place of each of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import yaml

from benchmark_lab.diagnostics import Code, Diagnostic, InvalidExperimentError, Span
from benchmark_lab.source.core_schema import DEEPEST, CoreLoader, TooComplexError, scalar_value

Value = bool | int | float | str | tuple["Value", ...] | dict[str, "Value"] | None
Path = tuple[str | int, ...]

LARGEST_TEXT = 1024 * 1024
MOST_VALUES = 200_000


@dataclass(frozen=True, slots=True)
class Document:
    """The value of a YAML text and where its parts stand; `problems` are those that did not stop the reading."""

    file: str
    lines: tuple[str, ...]
    value: Value
    spans: Mapping[Path, Span]
    key_spans: Mapping[Path, Span]
    nulls: Collection[Path]
    """The paths of keys and items without a value."""
    problems: tuple[Diagnostic, ...] = ()

    def locate(self, path: Path) -> Path:
        """Return the part of `path` that the text has: a default or a union's tag is skipped."""
        found: Path = ()
        for part in path:
            if (*found, part) in self.spans:
                found = (*found, part)
        return found

    def span(self, path: Path) -> Span:
        """Return the place of a value: a scalar itself, the key of a mapping or list."""
        return self.spans[self.locate(path)]

    def key_span(self, path: Path) -> Span:
        """Return the place of a mapping's key, or of the value where it has none."""
        found = self.locate(path)
        return self.key_spans.get(found, self.spans[found])

    def has(self, path: Path) -> bool:
        """Say whether the text itself holds a value at `path`; a key with nothing behind it holds none."""
        return path in self.spans and path not in self.nulls


def decode(file: str, data: bytes) -> str:
    """Read UTF-8, the only encoding of the files that people write."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        lines = data[: error.start].decode("utf-8").split("\n")
        span = Span(file, len(lines), len(lines[-1]) + 1, 1, lines[-1])
        raise InvalidExperimentError(
            [Diagnostic(Code.NOT_YAML, "the file is not UTF-8", span, "this byte", "save the file as UTF-8")]
        ) from None


def parse(file: str, text: str) -> Document:
    """Read one YAML 1.2 document with its positions.

    Raises InvalidExperimentError where there is no document to speak of. Duplicate keys and keys that are no texts
    are left to the reader, as `problems`, so that they are told together with the rest.
    """
    lines = tuple(text.splitlines()) or ("",)
    walk = _Walk(file, lines)
    if len(text) > LARGEST_TEXT:
        message = f"the file is larger than {LARGEST_TEXT // 1024} KiB"
        raise InvalidExperimentError([Diagnostic(Code.TOO_COMPLEX, message, _point(file, lines, 0, 0))])
    try:
        node = yaml.compose(text, Loader=CoreLoader)
        value = walk.value(node, (), 0) if node is not None else None
    except TooComplexError as error:
        place = _point(file, lines, error.mark.line, error.mark.column)
        raise InvalidExperimentError([Diagnostic(Code.TOO_COMPLEX, error.message, place)]) from None
    except yaml.MarkedYAMLError as error:
        raise InvalidExperimentError([_syntax(file, lines, error)]) from None
    except yaml.reader.ReaderError as error:
        before = text[: error.position].splitlines() or [""]
        place = _point(file, lines, len(before) - 1, len(before[-1]))
        message = f"not YAML: the character U+{ord(text[error.position]):04X} is not allowed"
        raise InvalidExperimentError([Diagnostic(Code.NOT_YAML, message, place)]) from None
    if node is None:
        raise InvalidExperimentError([Diagnostic(Code.NOT_YAML, "the file is empty", _point(file, lines, 0, 0))])
    return Document(file, lines, value, walk.spans, walk.key_spans, walk.nulls, tuple(walk.problems))


def _syntax(file: str, lines: tuple[str, ...], error: yaml.MarkedYAMLError) -> Diagnostic:
    """Tell in one sentence what the parser tells in several."""
    mark = error.problem_mark or error.context_mark
    place = _point(file, lines, *((mark.line, mark.column) if mark else (0, 0)))
    problem, context = error.problem or "", error.context or ""
    if problem.startswith("but "):
        return Diagnostic(Code.NOT_YAML, f"not YAML: {context}, {problem}", place)
    advice = f"{context} that starts on line {error.context_mark.line + 1}" if error.context_mark else ""
    if "\\t" in problem:
        advice = "indent with spaces"
    return Diagnostic(Code.NOT_YAML, f"not YAML: {problem}", place, help=advice)


class _Walk:
    """One pass over the nodes that collects values, places and problems."""

    def __init__(self, file: str, lines: tuple[str, ...]) -> None:
        self.file = file
        self.lines = lines
        self.spans: dict[Path, Span] = {}
        self.key_spans: dict[Path, Span] = {}
        self.nulls: set[Path] = set()
        self.problems: list[Diagnostic] = []
        self._seen = 0

    def value(self, node: yaml.Node, path: Path, depth: int) -> Value:
        # Aliases share nodes, so a small text may hold a huge value: what is counted is what they expand to.
        self._seen += 1
        if self._seen > MOST_VALUES:
            raise TooComplexError(f"the file holds more than {MOST_VALUES:,} values, aliases expanded", node.start_mark)
        if depth > DEEPEST:
            raise TooComplexError(f"the file is nested deeper than {DEEPEST} levels", node.start_mark)
        is_member = path in self.key_spans and not isinstance(node, yaml.ScalarNode)
        self.spans[path] = self.key_spans[path] if is_member else self.span(node)
        match node:
            case yaml.MappingNode():
                return self._mapping(node, path, depth)
            case yaml.SequenceNode():
                return tuple(self.value(item, (*path, index), depth + 1) for index, item in enumerate(node.value))
            case _:
                scalar = scalar_value(node.tag, node.value)
                if scalar is None:
                    self.nulls.add(path)
                return scalar

    def _mapping(self, node: yaml.MappingNode, path: Path, depth: int) -> Value:
        mapping: dict[str, Value] = {}
        for key_node, value_node in node.value:
            place = self.span(key_node)
            key = scalar_value(key_node.tag, key_node.value) if isinstance(key_node, yaml.ScalarNode) else None
            if not isinstance(key, str):
                help_ = f'write "{key_node.value}"' if isinstance(key_node, yaml.ScalarNode) else ""
                self.problems.append(Diagnostic(Code.KEY_NOT_TEXT, "a key must be a text", place, help=help_))
                continue
            if key in mapping:
                first = self.key_spans[(*path, key)].line
                message = f"the key `{key}` stands here twice"
                self.problems.append(Diagnostic(Code.DUPLICATE_KEY, message, place, f"first on line {first}"))
                continue
            self.key_spans[(*path, key)] = place
            mapping[key] = self.value(value_node, (*path, key), depth + 1)
        return mapping

    def span(self, node: yaml.Node) -> Span:
        start, end = node.start_mark, node.end_mark
        text = self.lines[start.line] if start.line < len(self.lines) else ""
        last = end.column if end.line == start.line else len(text.split(" #")[0].rstrip())
        return Span(self.file, start.line + 1, start.column + 1, max(1, last - start.column), text)


def _point(file: str, lines: tuple[str, ...], line: int, column: int) -> Span:
    """Return one character's span; the end of the text belongs to its last line."""
    if line >= len(lines):
        line, column = len(lines) - 1, len(lines[-1])
    return Span(file, line + 1, column + 1, 1, lines[line])
