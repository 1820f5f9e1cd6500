"""The shape of `infra/<target>/target.yaml`: one place to run, and what it can provide."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from benchmark_lab.bundle import HostShape
from benchmark_lab.source.shape import Written

CpuCount = Annotated[int, Field(ge=1, le=1024)]


class DefaultShape(Written):
    """One role's host where the experiment asks for nothing, or for what the target lacks."""

    cpus: CpuCount | None = None

    @property
    def host(self) -> HostShape:
        """The shape as bundles hold it."""
        return HostShape(cpus=self.cpus)


class SutShape(Written):
    """The sut's host: its CPU set is never left open."""

    cpus: CpuCount

    @property
    def host(self) -> HostShape:
        """The shape as bundles hold it."""
        return HostShape(cpus=self.cpus)


class DefaultHardware(Written):
    """The hosts of a target by role."""

    sut: SutShape
    load: DefaultShape = DefaultShape()
    db: DefaultShape = DefaultShape()


class Target(Written):
    """One place to run experiments."""

    schema_version: Annotated[Literal[1], Field(alias="schema")]
    summary: str
    """One sentence."""
    connection: Literal["local", "ssh"]
    """Ansible's connection to the hosts."""
    provides: tuple[Literal["cpus", "type", "count"], ...]
    """The hardware keys that a role may ask for here."""
    default_hardware: DefaultHardware
    max_lanes: Annotated[int, Field(ge=1)] = 1
    shared_host: bool
    """Whether all roles share one machine; results then carry the label `shared-host`."""
