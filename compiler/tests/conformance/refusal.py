"""What the reference server refuses, and how it says so."""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import yaml
from jsonschema import Draft202012Validator
from pydantic import JsonValue

from benchmark_lab.conformance.schema import members

OPENAPI = Path(__file__).parents[3] / "spec" / "openapi.yaml"

Bounds = tuple[int, int, int | None]
"""Least, greatest, default."""


class RefusalError(Exception):
    def __init__(self, status: int, detail: str, *fields: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.fields = fields
        self.headers = dict(headers or {})


def valid_object(value: JsonValue, schema: str) -> dict[str, JsonValue]:
    fields: dict[str, None] = {}
    for error in _validators()[schema].iter_errors(value):
        path = [str(key) for key in error.absolute_path]
        missing = error.validator_value if error.validator == "required" else [None]
        for name in missing:
            if name is None or name not in members(error.instance):
                fields[".".join([*path, name] if name else path)] = None
    if fields:
        raise RefusalError(422, "The body is invalid.", *fields)
    return members(value)


def bounded_integers(values: Mapping[str, str], bounds: Mapping[str, Bounds]) -> list[int]:
    """The named values, or their defaults, each within its bounds."""
    wrong = []
    found = []
    for name, (low, high, default) in bounds.items():
        text = values.get(name, str(default))
        found.append(int(text) if re.fullmatch("-?[0-9]+", text) else low - 1)
        if not low <= found[-1] <= high:
            wrong.append(name)
    if wrong:
        raise RefusalError(422, "A parameter is invalid.", *wrong)
    return found


@cache
def _validators() -> Mapping[str, Draft202012Validator]:
    components = yaml.safe_load(OPENAPI.read_text())["components"]
    # Python's `$` lets a line end pass.
    email = components["schemas"]["UserInput"]["properties"]["email"]
    email["pattern"] = email["pattern"].removesuffix("$") + r"\Z"
    return {
        name: Draft202012Validator(components["schemas"][name] | {"components": components})
        for name in ("EchoRequest", "UserInput")
    }
