"""Finds the drivers, which make the hosts of targets.

Each driver is a module or package in this package, and holds a `DRIVER`. The manifest of a target names its driver. To
add a driver, write `targets/<driver>.py`, and `driver: <driver>` in the target's `infra/<target>/target.yaml`. `lab`
imports a driver only to ask that driver: the needs of one driver are no burden on the others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Literal, Protocol

from benchmark_lab.machine.tools import ToolFailedError, Tools

if TYPE_CHECKING:  # planning asks only for the drivers' names
    from benchmark_lab.hosts.prepared import HostRequest, Hosts
    from benchmark_lab.machine.interrupts import Interrupts
    from benchmark_lab.machine.progress import Progress

Cost = Literal["free", "unknown", "rented"]
"""Cost of hosts: nothing, a price that only the hosts' owner knows, or a price by the hour that the bundle holds."""

_ASKING = frozenset({"doctor", "leftovers"})
"""Names of the modules in this package that ask drivers and are no drivers."""


class Driver(Protocol):
    """The driver of a target: makes the target's hosts for a run, and removes the hosts."""

    cost: Cost

    def needs(self, environment: Mapping[str, str]) -> list[str]:
        """Say in words what this machine lacks for the driver; return an empty list if it lacks nothing."""

    def make_hosts(self, wanted: HostRequest, interrupts: Interrupts, progress: Progress) -> Sequence[Hosts]:
        """Make or take the hosts of one hardware value, lane by lane; nothing runs on the hosts yet.

        Args:
            wanted: the request, which says what the hosts are for.
            interrupts: the shield of what must not be cut short.
            progress: the listener that is told what happens.

        Raises:
            ToolFailedError: if there are no such hosts.
            LockedError: if somebody else has the hosts.
            ResourcesRemainError: if some hosts were made, and are still there.
        """

    def remove_leftovers(
        self, state: Path, tools: Tools, environment: Mapping[str, str], say: Callable[[str], None]
    ) -> bool:
        """Remove the hosts that this driver made for the run of a state folder; callers may repeat the removal.

        Return False if this driver made no hosts for the run. `lab` uses the inventory in the state to clean hosts that
        stay.

        Args:
            state: the run's state folder; the run's `lab` is gone.
            tools: the seam to other programs.
            environment: the caller's environment.
            say: the function that tells the user.

        Raises:
            ResourcesRemainError: if something could not be removed.
        """


def driver_names() -> tuple[str, ...]:
    """Return the name of every driver in alphabetical order, and import no driver."""
    return tuple(sorted({module.name for module in iter_modules(__path__)} - _ASKING))


def find_driver(name: str) -> Driver:
    """Return the driver of this name.

    Raises:
        ToolFailedError: if there is no such driver, or its module cannot be imported.
    """
    known = driver_names()
    if name not in known:
        raise ToolFailedError(
            f"there is no driver `{name}`; known: {', '.join(known)}",
            next_step="the bundle is that of another `lab`: run the experiment anew",
        )
    try:
        driver: Driver = import_module(f"{__name__}.{name}").DRIVER
    except Exception as error:
        raise ToolFailedError(
            f"the driver `{name}` cannot be used: {type(error).__name__}: {error}",
            next_step=f"mend compiler/benchmark_lab/targets/{name}",
        ) from error
    return driver


def make_hosts(wanted: HostRequest, interrupts: Interrupts, progress: Progress) -> Sequence[Hosts]:
    """Have the driver of a bundle's target make the hosts of one hardware value; see `Driver.make_hosts`.

    Raises:
        ToolFailedError: if there is no such driver, or the driver rents hosts whose price is not known.
    """
    experiment = wanted.bundle.experiment
    driver = find_driver(experiment.hosts.source)
    if driver.cost == "rented" and not experiment.hosts.usd_per_hour:
        raise ToolFailedError(
            f"target `{experiment.target}` rents hosts whose price is not known",
            next_step=f"name a `region` in infra/{experiment.target}/target.yaml, and its prices in instances.yaml",
        )
    return driver.make_hosts(wanted, interrupts, progress)
