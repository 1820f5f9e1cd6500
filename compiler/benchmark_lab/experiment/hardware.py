"""The `hardware` key: the shape of the hosts, by role."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import PlainValidator, WithJsonSchema

from benchmark_lab.source.shape import CpuCount, Slug, Written

MOST_LOAD_HOSTS = 100


def _a_count(value: object) -> int | Literal["auto"]:
    match value:
        case "auto":
            return "auto"
        case int() if not isinstance(value, bool) and 1 <= value <= MOST_LOAD_HOSTS:
            return value
        case _:
            raise ValueError(f"must be a whole number from 1 to {MOST_LOAD_HOSTS}, or auto")


HostCount = Annotated[
    int | Literal["auto"],
    PlainValidator(_a_count),
    WithJsonSchema({"anyOf": [{"type": "integer", "minimum": 1, "maximum": MOST_LOAD_HOSTS}, {"const": "auto"}]}),
]


class SutShape(Written):
    """The host of the system under test."""

    cpus: CpuCount
    """The CPU set that the server gets, on every target."""
    type: str | None = None
    """Instance type, where the target has some."""


class LoadShape(Written):
    """The load hosts."""

    cpus: CpuCount | None = None
    """The CPU set that k6 gets."""
    type: str | None = None
    """Instance type, where the target has some."""
    count: HostCount = 1
    """Load hosts; `auto` sizes them from the rate."""


class DbShape(Written):
    """The database's host; the upstream runs there too."""

    cpus: CpuCount | None = None
    """The CPU set that PostgreSQL gets."""
    type: str | None = None
    """Instance type, where the target has some."""


class HardwareValue(Written):
    """The shapes of one set of hosts."""

    name: Slug = "default"
    """How cells and tables call it, where there are several."""
    sut: SutShape | None = None
    load: LoadShape | None = None
    db: DbShape | None = None
