"""A PyYAML loader with the YAML 1.2 core schema: `no`, `on` and `12:30` are texts, `1e3` is a number, `0o17` is 15."""

from __future__ import annotations

import re

import yaml

_PREFIX = "tag:yaml.org,2002:"
_PATTERNS = {
    "null": re.compile(r"^(?:~|null|Null|NULL|)$"),
    "bool": re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"),
    "int": re.compile(r"^(?:[-+]?[0-9]{1,40}|0o[0-7]{1,40}|0x[0-9a-fA-F]{1,40})$"),
    "float": re.compile(
        r"^(?:[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$"
    ),
}
DEEPEST = 50
"""Levels of nesting: the parser recurses a few frames for each."""


class TooComplexError(Exception):
    """The text asks for more than configuration needs; `mark` is where."""

    def __init__(self, message: str, mark: yaml.Mark) -> None:
        super().__init__(message)
        self.message = message
        self.mark = mark


class CoreLoader(yaml.SafeLoader):
    """Composes nodes only: explicit tags are refused, plain scalars resolve as YAML 1.2 says."""

    yaml_implicit_resolvers = {}  # PyYAML's registry, here without YAML 1.1's entries
    _depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """Compose one node, unless it has a tag or lies too deep."""
        event = self.peek_event()  # type: ignore[no-untyped-call]  # PyYAML's stubs leave it untyped
        tag = getattr(event, "tag", None)
        if tag is not None and tag != "!":
            raise TooComplexError(f"the tag `{tag.replace(_PREFIX, '!!')}` is not allowed", event.start_mark)
        self._depth += 1
        if self._depth > DEEPEST:
            raise TooComplexError(f"the file is nested deeper than {DEEPEST} levels", event.start_mark)
        node: yaml.Node | None = super().compose_node(parent, index)
        self._depth -= 1
        return node


for _kind, _pattern in _PATTERNS.items():
    CoreLoader.add_implicit_resolver(_PREFIX + _kind, _pattern, None)


def scalar_value(tag: str, text: str) -> bool | int | float | str | None:
    """Turn a scalar into the value that its tag names."""
    match tag.removeprefix(_PREFIX):
        case "null":
            return None
        case "bool":
            return text.lower() == "true"
        case "int":
            return int(text, 0) if text.startswith(("0o", "0x")) else int(text, 10)
        case "float":
            return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
        case _:
            return text


def plain_value(text: str) -> bool | int | float | str:
    """Read a bare word as YAML would, but for null: a word stays one."""
    kind = next((kind for kind, pattern in _PATTERNS.items() if pattern.match(text)), "str")
    value = scalar_value(kind, text)
    return text if value is None else value
