"""The folders that `lab` keeps outside a checkout: the state of runs, and builds.

The module also says who holds this machine.
"""

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
"""Folder of root's builds.

Servers of other users read root's builds here, and could not in root's home.
"""


def state_root() -> Path:
    """Return the folder where this user's runs keep what must not lie in a checkout."""
    return Path("/var/tmp") / f"benchmark-lab-{os.getuid()}"  # noqa: S108  survives a reboot, unlike /tmp; mode 0711


def run_states() -> Path:
    """Return the folder that holds a folder for each run that is going on, or was killed."""
    return state_root() / "runs"


def cache_root(environment: Mapping[str, str], uid: int | None = None) -> Path:
    """Return the folder where a user, by default the caller, keeps builds between runs.

    The folder lies in `XDG_CACHE_HOME` where that variable is set.
    Otherwise the folder lies in /var/cache for root, and in ~/.cache for everybody else.
    """
    if base := environment.get("XDG_CACHE_HOME"):
        return Path(base) / "benchmark-lab"
    if (os.getuid() if uid is None else uid) == 0:
        return SHARED_CACHE
    return Path(environment.get("HOME") or Path.home()) / ".cache" / "benchmark-lab"


def new_state(state: Path, controller_mark: str, hosts: Iterable[str] = ()) -> None:
    """Make a run's state folder, with one for each host of this machine, and note who controls the run.

    Others can pass the state folder, since PostgreSQL may run as another user.
    Others cannot read what is in the folder.
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
        ToolFailedError: if something in the folder cannot be removed.
    """
    try:
        shutil.rmtree(state)
    except OSError as error:
        raise ToolFailedError(f"{state} cannot be removed: {error}") from error


@contextmanager
def locked(run: str, system: str = sys.platform) -> Iterator[None]:
    """Hold this machine for one run: two runs at once would measure each other.

    Raises:
        LockedError: if another run holds the machine.
        ToolFailedError: if the machine does not run Linux. Remote targets need Linux as well: /proc shows what a run
            left, and programs for the hosts are built here.
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
