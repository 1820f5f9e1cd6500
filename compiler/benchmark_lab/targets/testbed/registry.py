"""Writes down what a testbed changes on its machine, before each change, so that the change can be undone."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from ipaddress import IPv4Network
from pathlib import Path

from benchmark_lab.bundle import Part, StoredFile
from benchmark_lab.machine.tools import ToolFailedError, Tools
from benchmark_lab.store.bundles import read_stored, write_atomically
from benchmark_lab.targets.testbed.layout import Host

FILE = "registry.json"
MARK = "LAB_TESTBED"

Argv = tuple[str, ...]


class Change(Part):
    """One thing on the machine that is there because of the testbed."""

    what: str
    check: Argv
    """Command that succeeds while the thing is there."""
    undo: Argv
    shared: bool = False
    """True if others may have made the thing too, and may use the thing by now.

    `lab` takes such a thing as found, and leaves the thing to the others.
    """


class Registry(StoredFile):
    """A testbed that is made or in the making."""

    id: str
    made_at: str
    network: IPv4Network
    hosts: tuple[Host, ...]
    changes: tuple[Change, ...] = ()
    complete: bool = False

    @property
    def mark(self) -> str:
        """Return the environment variable, with its value, that marks the testbed's programs.

        Every program that goes on without `up`, or that a killed `up` leaves, has the variable in its environment.
        """
        return f"{MARK}={self.id}"


@dataclass(frozen=True, slots=True)
class Step:
    """A change, and the commands that make the change."""

    change: Change
    do: tuple[Argv, ...] = ()


def read_registry(folder: Path) -> Registry | None:
    """Return the registry in a testbed's folder; return None if the folder has no registry."""
    path = folder / FILE
    return read_stored(path, Registry) if path.exists() else None


def save(registry: Registry, folder: Path) -> Registry:
    """Write a registry to the disk, whole or not at all, and return the registry."""
    write_atomically(folder / FILE, registry.model_dump_json(indent=1) + "\n")
    return registry


def carry_out(steps: Iterable[Step], registry: Registry, folder: Path, tools: Tools) -> Registry:
    """Do what the steps say, and write each change down first; return the registry with the changes.

    Raises:
        ToolFailedError: if something is there already that no testbed of this machine accounts for, or a command fails.
    """
    for step in steps:
        change = step.change
        if tools.run(change.check).status == 0:
            if change.shared:
                continue
            raise ToolFailedError(
                f"there is a {change.what} already, which `lab` did not make, or lost track of",
                next_step=f"if nothing needs it, remove it: {shlex.join(change.undo)}",
            )
        registry = save(registry.model_copy(update={"changes": (*registry.changes, change)}), folder)
        for argv in step.do:
            done = tools.run(argv)
            if done.status != 0:
                raise ToolFailedError(
                    f"`{shlex.join(argv)}` ended with {done.status}", output=done.stderr or done.stdout
                )
    return registry


def undo_all(registry: Registry, tools: Tools, say: Callable[[str], None]) -> list[Change]:
    """Undo every change, the newest first; callers may repeat the undoing.

    Return the changes that are still there after that, without the things that others use.
    """
    for change in reversed(registry.changes):
        if tools.run(change.check).status == 0:
            tools.run(change.undo)
    remaining = [change for change in registry.changes if tools.run(change.check).status == 0]
    for change in remaining:
        if change.shared:
            say(f"{change.what} stays: something else uses it by now")
    return [change for change in remaining if not change.shared]
