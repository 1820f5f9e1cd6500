"""Where `lab` keeps what must not lie in a checkout: the state of runs, and builds; and who holds this machine."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from benchmark_lab.machine import lock
from benchmark_lab.machine.process import start_ticks
from benchmark_lab.machine.tools import ToolFailedError

SHARED_CACHE = Path("/var/cache/benchmark-lab")
"""Where root's builds lie. Servers of other users read them here, and could not in root's home."""


def state_root() -> Path:
    """Where this user's runs keep what must not lie in a checkout."""
    return Path("/var/tmp") / f"benchmark-lab-{os.getuid()}"  # noqa: S108  survives a reboot, unlike /tmp; mode 0711


def run_states() -> Path:
    """The folder that holds a folder for each run that is going on, or was killed."""
    return state_root() / "runs"


def cache_root(environment: Mapping[str, str], uid: int | None = None) -> Path:
    """Return the folder where a user, by default the caller, keeps builds between runs.

    It lies in `XDG_CACHE_HOME` where that is set, in /var/cache for root, and in ~/.cache for everybody else.
    """
    if base := environment.get("XDG_CACHE_HOME"):
        return Path(base) / "benchmark-lab"
    if (os.getuid() if uid is None else uid) == 0:
        return SHARED_CACHE
    return Path(environment.get("HOME") or Path.home()) / ".cache" / "benchmark-lab"


def new_state(state: Path, controller_mark: str, hosts: Iterable[str] = ()) -> None:
    """Make a run's state folder, with one for each host of this machine, and note who controls it.

    It is passable for others, since PostgreSQL may run as another user; what is in it is not readable.
    """
    state.parent.mkdir(mode=0o711, exist_ok=True)
    state.mkdir(mode=0o711)
    for name in hosts:
        (state / name).mkdir(mode=0o711)
    controller = {"pid": os.getpid(), "start_ticks": start_ticks(os.getpid()), "mark": controller_mark}
    (state / "controller.json").write_text(json.dumps(controller))


def is_controlled(state: Path) -> bool:
    """True if the `lab` that made the state is still there."""
    try:
        controller = json.loads((state / "controller.json").read_text())
    except (OSError, ValueError):
        return False
    ticks = start_ticks(int(controller["pid"]))
    return ticks is not None and ticks == controller["start_ticks"]


def remove_state(state: Path) -> None:
    """Remove a run's state folder.

    Raises:
        ToolFailedError: if something in it cannot be removed.
    """
    try:
        shutil.rmtree(state)
    except OSError as error:
        raise ToolFailedError(f"{state} cannot be removed: {error}") from error


@contextmanager
def locked(run: str, system: str = sys.platform) -> Iterator[None]:
    """Hold this machine for one run: two at once would measure each other.

    Raises:
        LockedError: if another run holds it.
        ToolFailedError: if it is no Linux. Remote targets need that as well: /proc shows what a run left, and programs
            for the hosts are built here.
    """
    if system != "linux":
        raise ToolFailedError(
            f"runs are carried out from Linux; this is {system}",
            next_step="use a Linux machine, for remote targets too; `lab` validates, plans and compiles here",
        )
    root = state_root()
    root.mkdir(mode=0o711, exist_ok=True)
    if root.stat().st_uid != os.getuid():
        raise ToolFailedError(f"{root} belongs to another user (uid {root.stat().st_uid})", next_step="remove it")
    with lock.locked(lock.MACHINE, "this machine", run):
        yield
