"""The shape of `infra/<target>/target.yaml`: one place to run, and what it can provide."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from benchmark_lab.bundle import HostShape
from benchmark_lab.source.shape import CpuCount, Written


class DefaultShape(Written):
    """One role's host where the experiment asks for nothing, or for what the target lacks."""

    cpus: CpuCount | None = None
    type: str | None = None
    """Instance type, where the target has some."""

    @property
    def host(self) -> HostShape:
        """Return the host's shape as bundles hold the shape."""
        return HostShape(cpus=self.cpus, type=self.type)


class DefaultSut(DefaultShape):
    """The sut's host: its CPU set is never left open."""

    cpus: CpuCount


class DefaultHardware(Written):
    """The hosts of a target by role."""

    sut: DefaultSut
    load: DefaultShape = DefaultShape()
    db: DefaultShape = DefaultShape()


class Target(Written):
    """One place to run experiments."""

    schema_version: Annotated[Literal[1], Field(alias="schema")]
    summary: str
    """One sentence."""
    driver: str
    """What makes the hosts: a module of `compiler/benchmark_lab/targets`."""
    region: str | None = None
    """Where hosts are rented; `instances.yaml` beside this file has the prices there."""
    provides: tuple[Literal["cpus", "type", "count"], ...]
    """The hardware keys that a role may ask for here."""
    default_hardware: DefaultHardware
    max_lanes: Annotated[int, Field(ge=1)] = 1
    shared_host: bool
    """Whether all roles share one machine; results then carry the label `shared-host`."""
    installs: bool = False
    """Whether a run may install the Debian packages that a host lacks; it says what is missing otherwise."""
