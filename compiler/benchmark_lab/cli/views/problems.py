"""Writes diagnostics for programs: JSON, and the annotations that GitHub shows beside a pull request's lines."""

from __future__ import annotations

import json
from collections.abc import Sequence

from benchmark_lab.diagnostics import Diagnostic

_ESCAPES = {"%": "%25", "\r": "%0D", "\n": "%0A"}
_PROPERTY_ESCAPES = {**_ESCAPES, ":": "%3A", ",": "%2C"}


def as_json(diagnostics: Sequence[Diagnostic]) -> str:
    """Return diagnostics as JSON: `{"schema": 1, "valid": …, "problems": […]}`."""
    problems = [
        {
            "code": found.code.number,
            "meaning": found.code.meaning,
            "message": found.message,
            "file": found.span.file if found.span else None,
            "line": found.span.line if found.span else None,
            "column": found.span.column if found.span else None,
            "label": found.label,
            "help": found.help,
        }
        for found in diagnostics
    ]
    return json.dumps({"schema": 1, "valid": not problems, "problems": problems}, indent=2, ensure_ascii=False)


def github(diagnostics: Sequence[Diagnostic]) -> str:
    """Return one of GitHub's workflow commands for each diagnostic."""
    return "\n".join(map(_annotation, diagnostics))


def _annotation(found: Diagnostic) -> str:
    properties = {"title": found.code.number}
    if found.span is not None:
        end = found.span.column + found.span.width
        place = {"file": found.span.file, "line": found.span.line, "col": found.span.column, "endColumn": end}
        properties = {**{key: str(value) for key, value in place.items()}, **properties}
    written = ",".join(f"{key}={_escaped(value, _PROPERTY_ESCAPES)}" for key, value in properties.items())
    text = "\n".join(filter(None, (found.message, found.label, found.help)))
    return f"::error {written}::{_escaped(text, _ESCAPES)}"


def _escaped(text: str, escapes: dict[str, str]) -> str:
    return "".join(escapes.get(character, character) for character in text)
