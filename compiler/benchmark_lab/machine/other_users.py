"""Says what users other than the owner can reach: programs that they can execute, and folders that they can read."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from benchmark_lab.machine.tools import ToolFailedError

READABLE = 0o755
"""The mode of a folder that its owner writes and every user reads."""


def can_execute(program: Path) -> bool:
    """True if every user can execute the program, by this path and where the path's links lead."""
    target = Path(os.path.realpath(program))
    return (
        target.is_file()
        and bool(target.stat().st_mode & stat.S_IXOTH)
        and not any(closed for path in (program.absolute(), target) for closed in _closed_above(path))
    )


def make_readable(folder: Path) -> None:
    """Make a folder that every user can read, or mend the mode of one that exists.

    Raises:
        ToolFailedError: if the folder belongs to another user. Root's servers may run as other users: for root, also if
            other users cannot pass a folder above this one.
    """
    for missing in reversed([path for path in (folder, *folder.parents) if not path.exists()]):
        missing.mkdir(exist_ok=True)
        missing.chmod(READABLE)  # whatever the umask
    if folder.is_symlink() or folder.stat().st_uid != os.getuid():
        raise ToolFailedError(
            f"{folder} is a link, or belongs to another user (uid {folder.stat().st_uid})",
            next_step="remove it: `lab` makes it anew",
        )
    if os.getuid() == 0 and (closed := next(_closed_above(folder), None)):
        raise ToolFailedError(
            f"other users cannot pass {closed}, so that their servers could not read {folder}",
            next_step="unset XDG_CACHE_HOME, or let it name a folder that every user can pass",
        )
    folder.chmod(READABLE)


def _closed_above(path: Path) -> Iterator[Path]:
    """Return the folders above a path that other users cannot pass."""
    return (parent for parent in path.parents if not parent.stat().st_mode & stat.S_IXOTH)
