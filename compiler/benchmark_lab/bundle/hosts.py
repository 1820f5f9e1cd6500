"""The hosts of an experiment: their shapes, what its target says of them, and what Terraform is to rent."""

from __future__ import annotations

from typing import Literal

from benchmark_lab.bundle.file import Part

Role = Literal["sut", "load", "db", "upstream"]


class HostShape(Part):
    """What one role's host offers: `cpus` is the CPU set that the role's processes get."""

    cpus: int | None = None
    type: str | None = None
    count: int = 1


class Hardware(Part):
    """One named hardware value: the shape of each role's host."""

    name: str
    sut: HostShape = HostShape()
    load: HostShape = HostShape()
    db: HostShape = HostShape()


class TargetHosts(Part):
    """What the target says of an experiment's hosts."""

    source: str
    """The driver that makes them."""
    shared: bool = True
    """Whether all roles share one machine."""
    installs: bool = False
    """Whether a run may install the Debian packages that a host lacks."""
    usd_per_hour: dict[str, float] = {}
    """What a set of rented hosts costs, by hardware value."""

    @property
    def changeable(self) -> tuple[str, ...]:
        """What a run may set otherwise: nothing of somebody's hosts, nor what those on one machine have in common."""
        if not self.installs:
            return ()
        return ("network",) if self.shared else ("network", "cpus")


class RentedHosts(Part):
    """What Terraform is to rent for one role of a lane."""

    type: str
    architecture: Literal["amd64", "arm64"]
    count: int


class TerraformVariables(Part):
    """`terraform.tfvars.json`: what is known of rented hosts before a run."""

    region: str
    lanes: int
    hardware: dict[str, dict[Literal["sut", "load", "db"], RentedHosts]]
    hours: float
    """How long a host lives at most."""
