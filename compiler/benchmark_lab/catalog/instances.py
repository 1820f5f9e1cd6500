"""The shape of `infra/<target>/instances.yaml`: what planning knows of hosts that can be rented, without an account."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Literal

from pydantic import Field, PlainValidator, WithJsonSchema

from benchmark_lab.source.shape import PlainNumber, Written

Architecture = Literal["amd64", "arm64"]


def _a_date(value: object) -> str:
    return date.fromisoformat(str(value)).isoformat()


class Source(Written):
    """The source that facts come from."""

    name: str
    licence: str
    commit: str | None = None
    as_of: Annotated[str, PlainValidator(_a_date), WithJsonSchema({"type": "string", "format": "date"})] | None = None


class InstanceType(Written):
    """One type of host that can be rented."""

    vcpus: Annotated[int, Field(ge=1)]
    cores: Annotated[int, Field(ge=1)]
    memory_mib: Annotated[int, Field(ge=1)]
    architecture: Architecture
    network_baseline_gbit_s: PlainNumber
    usd_per_hour: Mapping[str, PlainNumber]
    """Dollars an hour by region, for a running host without its volume and its public address."""


class Instances(Written):
    """The whole file `instances.yaml`."""

    schema_version: Annotated[Literal[1], Field(alias="schema")]
    sources: Mapping[str, Source]
    types: Annotated[Mapping[str, InstanceType], Field(min_length=1)]
