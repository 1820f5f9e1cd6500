"""Drivers make the hosts of targets; each is a module or package in this one, with a `DRIVER` in it.

A target's manifest names its driver: to add one, write `targets/<driver>.py`, and `driver: <driver>` in the target's
`infra/<target>/target.yaml`. Drivers are imported only when they are asked: what one needs is no burden on the others.
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
"""What hosts cost: nothing, what only their owner knows, or a price by the hour that the bundle holds."""

_ASKING = frozenset({"doctor", "leftovers"})
"""The modules of this package that ask drivers and are none."""


class Driver(Protocol):
    """Makes the hosts of a target for a run, and removes them."""

    cost: Cost

    def needs(self, environment: Mapping[str, str]) -> list[str]:
        """Say in words what this machine lacks for the driver; return an empty list if it lacks nothing."""

    def make_hosts(self, wanted: HostRequest, interrupts: Interrupts, progress: Progress) -> Sequence[Hosts]:
        """Make or take the hosts of one hardware value, lane by lane; nothing runs on them yet.

        Args:
            wanted: what they are for.
            interrupts: shields what must not be cut short.
            progress: is told what happens.

        Raises:
            ToolFailedError: if there are no such hosts.
            LockedError: if somebody else has them.
            ResourcesRemainError: if some were made, and are still there.
        """

    def remove_leftovers(
        self, state: Path, tools: Tools, environment: Mapping[str, str], say: Callable[[str], None]
    ) -> bool:
        """Remove the hosts that this driver made for the run of a state folder; may be repeated.

        Return False if it made none: a host that stays is cleaned by the inventory in the state.

        Args:
            state: the run's state folder; its `lab` is gone.
            tools: the seam to other programs.
            environment: the caller's.
            say: tells the user.

        Raises:
            ResourcesRemainError: if something could not be removed.
        """


def driver_names() -> tuple[str, ...]:
    """Return the name of every driver in alphabetical order; none is imported."""
    return tuple(sorted({module.name for module in iter_modules(__path__)} - _ASKING))


def find_driver(name: str) -> Driver:
    """Return the driver of this name.

    Raises:
        ToolFailedError: if there is none, or its module cannot be imported.
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
        ToolFailedError: if there is no such driver, or nobody could agree to what its hosts cost.
    """
    experiment = wanted.bundle.experiment
    driver = find_driver(experiment.hosts.source)
    if driver.cost == "rented" and not experiment.hosts.usd_per_hour:
        raise ToolFailedError(
            f"target `{experiment.target}` rents hosts whose price is not known",
            next_step=f"name a `region` in infra/{experiment.target}/target.yaml, and its prices in instances.yaml",
        )
    return driver.make_hosts(wanted, interrupts, progress)
