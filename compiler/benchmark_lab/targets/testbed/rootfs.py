"""Makes the root file system that all hosts share read-only: from Debian's packages, once, and kept in the cache."""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
from collections.abc import Mapping
from pathlib import Path

from benchmark_lab.machine.tools import ToolFailedError, Tools
from benchmark_lab.targets.testbed.needs import KEYRING
from benchmark_lab.targets.testbed.registry import Change, Step

RELEASE = "bookworm"
PACKAGES = (
    *("ca-certificates", "iproute2", "iputils-ping", "openssh-server", "procps", "python3", "sudo", "tini"),
    *("postgresql", "python3-venv"),
)
"""Packages that the root file system has beyond the smallest Debian.

The packages are what a rented machine has, a process 1, and what runs would install on each new host.
"""

UNWANTED = (
    *("etc/apt/sources.list", "etc/resolv.conf", "etc/hostname", "var/log/bootstrap.log", "var/lib/apt/lists/*"),
    *("etc/ssh/ssh_host_*", "etc/ssl/certs/ssl-cert-snakeoil.pem", "etc/ssl/private/ssl-cert-snakeoil.key"),
    *("etc/postgresql/*", "var/lib/postgresql/*", "var/cache/apt/*"),
)
"""Patterns of the paths that `lab` removes from the new root file system.

Some paths tell of the machine that made the root file system. Some paths hold keys that each host should have of its
own. The other paths only take space.
"""

ROOM_MIB = 1024
"""MiB of free space that debootstrap needs: the root file system takes 510, the archives of its packages take 110."""


def place(cache: Path) -> Path:
    """Return the folder where the root file system lies, once the root file system is made.

    A root file system with other contents lies in another folder.
    """
    contents = hashlib.sha256(" ".join((*PACKAGES, *UNWANTED)).encode()).hexdigest()[:8]
    return cache / "testbed" / f"{RELEASE}-{platform.machine()}-{contents}"


def partial(rootfs: Path) -> Step:
    """Return the step that records an unfinished root file system: undoing the step removes what is unfinished."""
    folder = str(_unfinished(rootfs))
    return Step(
        Change(
            what=f"folder {folder}",
            check=("test", "-e", folder),
            undo=("rm", "--recursive", "--force", "--one-file-system", folder),
        )
    )


def make(rootfs: Path, mirror: str, environment: Mapping[str, str], log: Path, tools: Tools) -> None:
    """Make the root file system with packages from a mirror.

    Raises:
        ToolFailedError: if the disk has no room, or debootstrap fails.
    """
    unfinished = _unfinished(rootfs)
    rootfs.parent.mkdir(parents=True, exist_ok=True)
    _require_room(rootfs.parent)
    argv = [
        # in namespaces of its own, so that its mounts and processes end with it
        *("unshare", "--mount", "--mount-proc", "--pid", "--fork", "--kill-child"),
        *("debootstrap", "--force-check-gpg", f"--keyring={KEYRING}", "--variant=minbase"),
        *(f"--include={','.join(PACKAGES)}", RELEASE, str(unfinished), mirror),
    ]
    status = tools.stream(argv, env=environment, cwd=rootfs.parent, log=log, on_line=lambda _: None)
    if status != 0:
        raise ToolFailedError(
            f"debootstrap ended with {status}",
            output=log.read_text(errors="replace") + _told(unfinished / "debootstrap" / "debootstrap.log"),
            next_step="it fetches packages from the machine's own mirror: see that `apt-get update` works",
        )
    for path in [found for unwanted in UNWANTED for found in unfinished.glob(unwanted)]:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    os.sync()  # so that a machine that loses its power has all of it or none
    unfinished.rename(rootfs)
    for former in rootfs.parent.glob(f"{RELEASE}-*"):
        if former != rootfs:
            shutil.rmtree(former)


def _require_room(folder: Path) -> None:
    free_mib = shutil.disk_usage(folder).free // 2**20
    if free_mib < ROOM_MIB:
        raise ToolFailedError(
            f"the hosts' root file system needs {ROOM_MIB} MiB; {folder} has {free_mib} MiB left",
            next_step="make room there",
        )


def _told(log: Path) -> str:
    """Return the end of debootstrap's own log, which may tell of a cause such as a full disk."""
    return log.read_text(errors="replace")[-2000:] if log.exists() else ""


def _unfinished(rootfs: Path) -> Path:
    return rootfs.with_name(f"{rootfs.name}.partial")
