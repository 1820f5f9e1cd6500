"""What a testbed changed on its machine: each change is written down before it is done, so that it can be undone."""

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
    """One thing that is there because of the testbed."""

    what: str
    check: Argv
    """Succeeds while the thing is there."""
    undo: Argv
    shared: bool = False
    """Whether others may have made it too, and may use it by now: then it is taken as found, and left to them."""


class Registry(StoredFile):
    """A testbed, made or in the making."""

    id: str
    made_at: str
    network: IPv4Network
    hosts: tuple[Host, ...]
    changes: tuple[Change, ...] = ()
    complete: bool = False

    @property
    def mark(self) -> str:
        """In the environment of every program that goes on without `up`, or that a killed `up` leaves."""
        return f"{MARK}={self.id}"


@dataclass(frozen=True, slots=True)
class Step:
    """A change and the commands that do it."""

    change: Change
    do: tuple[Argv, ...] = ()


def read_registry(folder: Path) -> Registry | None:
    """The registry in a testbed's folder, if there is one."""
    path = folder / FILE
    return read_stored(path, Registry) if path.exists() else None


def save(registry: Registry, folder: Path) -> Registry:
    """Write a registry to the disk, whole or not at all."""
    write_atomically(folder / FILE, registry.model_dump_json(indent=1) + "\n")
    return registry


def carry_out(steps: Iterable[Step], registry: Registry, folder: Path, tools: Tools) -> Registry:
    """Do what the steps say, each written down first.

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
    """Undo every change, the newest first, as often as one likes; what is still there then."""
    for change in reversed(registry.changes):
        if tools.run(change.check).status == 0:
            tools.run(change.undo)
    remaining = [change for change in registry.changes if tools.run(change.check).status == 0]
    for change in remaining:
        if change.shared:
            say(f"{change.what} stays: something else uses it by now")
    return [change for change in remaining if not change.shared]
