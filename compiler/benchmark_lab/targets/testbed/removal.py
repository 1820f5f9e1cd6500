"""Ends and undoes what a testbed's registry and folder hold, until nothing of the testbed is left."""

from __future__ import annotations

import shlex
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmark_lab.machine.process import end_marked
from benchmark_lab.machine.tools import ResourcesRemainError, Tools
from benchmark_lab.targets.testbed import host as hosts
from benchmark_lab.targets.testbed.registry import FILE, Registry, read_registry, undo_all

SETTLE_S = 5.0
"""Seconds that the kernel has to let go of the mounts and disks of an ended host."""


def is_there(folder: Path, name: str | None = None) -> bool:
    """Return True if there is a testbed, or the rest of one; with `name`, no testbed of another name counts."""
    registry = read_registry(folder)
    return folder.exists() and (registry is None or name in {None, registry.id})


def remove(folder: Path, tools: Tools, say: Callable[[str], None]) -> None:
    """Remove a testbed; the registry goes last, so that a removal that was cut short can be done again.

    Raises:
        ResourcesRemainError: if something is still there; the text says what is there, and how to remove it.
    """
    registry = read_registry(folder)
    remaining = _undone(registry, tools, say) if registry else []
    deadline = time.monotonic() + SETTLE_S
    while (held := [*_mounts_below(folder), *_disks_below(folder)]) and time.monotonic() < deadline:
        time.sleep(0.05)
    if remaining or held:
        raise ResourcesRemainError(
            "the testbed could not be removed whole; what remains, and how to remove it:",
            output="\n".join([*remaining, *held]),
            next_step="remove these, then run `lab testbed down` again",
        )
    for path in sorted(folder.iterdir(), key=lambda path: path.name == FILE):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
    folder.rmdir()


def _undone(registry: Registry, tools: Tools, say: Callable[[str], None]) -> list[str]:
    for host in registry.hosts:
        hosts.end(host, tools)
    end_marked(registry.mark)  # what was about to enter a host, and what made the root file system
    running = [(pid, host) for host in registry.hosts for pid in hosts.processes(host, tools)]
    if running:  # without its name, their namespace could not be found again
        return [f"process {pid} of host {host.name}: kill -KILL {pid}" for pid, host in running]
    return [f"{change.what}: {shlex.join(change.undo)}" for change in undo_all(registry, tools, say)]


def _mounts_below(folder: Path) -> Iterator[str]:
    for line in Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines():
        place = line.split()[4].encode().decode("unicode_escape")  # a space is written \040
        if Path(place).is_relative_to(folder):
            yield f"mount {place}: {shlex.join(['umount', place])}"


def _disks_below(folder: Path) -> Iterator[str]:
    for path in Path("/sys/block").glob("loop*/loop/backing_file"):
        try:
            file = path.read_text(encoding="utf-8").strip()
        except OSError:  # let go of in this moment
            continue
        if Path(file).is_relative_to(folder):
            device = f"/dev/{path.parts[3]}"
            yield f"disk {device} of {file}: losetup --detach {device}"
