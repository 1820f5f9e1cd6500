"""What a testbed changed on its machine: each deed is written down before it is done, so that it can be undone."""

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


class Deed(Part):
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
    deeds: tuple[Deed, ...] = ()
    complete: bool = False

    @property
    def mark(self) -> str:
        """In the environment of every program that goes on without `up`, or that a killed `up` leaves."""
        return f"{MARK}={self.id}"


@dataclass(frozen=True, slots=True)
class Step:
    """A deed and the commands that do it."""

    deed: Deed
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
        deed = step.deed
        if tools.run(deed.check).status == 0:
            if deed.shared:
                continue
            raise ToolFailedError(
                f"there is a {deed.what} already, which `lab` did not make, or lost track of",
                next_step=f"if nothing needs it, remove it: {shlex.join(deed.undo)}",
            )
        registry = save(registry.model_copy(update={"deeds": (*registry.deeds, deed)}), folder)
        for argv in step.do:
            done = tools.run(argv)
            if done.status != 0:
                raise ToolFailedError(
                    f"`{shlex.join(argv)}` ended with {done.status}", output=done.stderr or done.stdout
                )
    return registry


def undo_all(registry: Registry, tools: Tools, say: Callable[[str], None]) -> list[Deed]:
    """Undo every deed, the newest first, as often as one likes; what is still there then."""
    for deed in reversed(registry.deeds):
        if tools.run(deed.check).status == 0:
            tools.run(deed.undo)
    remaining = [deed for deed in registry.deeds if tools.run(deed.check).status == 0]
    for deed in remaining:
        if deed.shared:
            say(f"{deed.what} stays: something else uses it by now")
    return [deed for deed in remaining if not deed.shared]
