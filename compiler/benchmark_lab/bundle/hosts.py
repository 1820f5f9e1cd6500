"""The hosts of an experiment: their shapes, what the target says of the hosts, and what Terraform is to rent."""

from __future__ import annotations

from typing import Literal

from benchmark_lab.bundle.file import Part

Role = Literal["sut", "load", "db", "upstream"]


class HostShape(Part):
    """The shape of one role's host: `cpus` is the CPU set that the role's processes get."""

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
    """The target's part in an experiment: what the target says of the experiment's hosts."""

    source: str
    """Name of the driver that makes the hosts."""
    shared: bool = True
    """True if all roles share one machine."""
    installs: bool = False
    """True if a run may install the Debian packages that a host lacks."""
    usd_per_hour: dict[str, float] = {}
    """US dollars an hour that a set of rented hosts costs, by hardware value."""

    @property
    def changeable(self) -> tuple[str, ...]:
        """Return the settings that a run may change.

        A run changes nothing of somebody's hosts, and nothing that hosts on one machine have in common.
        """
        if not self.installs:
            return ()
        return ("network",) if self.shared else ("network", "cpus")


class RentedHosts(Part):
    """The hosts that Terraform is to rent for one role of a lane."""

    type: str
    architecture: Literal["amd64", "arm64"]
    count: int


class TerraformVariables(Part):
    """The file `terraform.tfvars.json`: what is known of rented hosts before a run."""

    region: str
    lanes: int
    hardware: dict[str, dict[Literal["sut", "load", "db"], RentedHosts]]
    hours: float
    """Hours that a host lives at most."""
