"""Debian's packages into the root file system that all hosts share read-only, made once and kept in the cache."""

from __future__ import annotations

import hashlib
import platform
import shutil
from collections.abc import Mapping
from pathlib import Path

from benchmark_lab.runtime.testbed.needs import KEYRING
from benchmark_lab.runtime.testbed.registry import Deed, Step
from benchmark_lab.runtime.tools import ToolFailedError, Tools

RELEASE = "bookworm"
PACKAGES = ("ca-certificates", "iproute2", "iputils-ping", "openssh-server", "procps", "python3", "tini")
"""Beyond the smallest Debian: what a rented machine has (SSH, Python, network tools), and a process 1."""

UNWANTED = (
    *("etc/apt/sources.list", "etc/resolv.conf", "etc/hostname", "var/log/bootstrap.log", "var/lib/apt/lists/*"),
    *("etc/ssh/ssh_host_*", "var/cache/apt/*"),
)
"""What tells of the machine that made it, which each host gets anew at run time, and what only takes space."""


def place(cache: Path) -> Path:
    """Where the root file system lies, once it is made; one with other contents lies elsewhere."""
    contents = hashlib.sha256(" ".join((*PACKAGES, *UNWANTED)).encode()).hexdigest()[:8]
    return cache / "testbed" / f"{RELEASE}-{platform.machine()}-{contents}"


def partial(rootfs: Path) -> Step:
    """The deed of making it: what is unfinished is removed."""
    folder = str(_unfinished(rootfs))
    return Step(
        Deed(
            what=f"folder {folder}",
            check=("test", "-e", folder),
            undo=("rm", "--recursive", "--force", "--one-file-system", folder),
        )
    )


def make(rootfs: Path, mirror: str, environment: Mapping[str, str], log: Path, tools: Tools) -> None:
    """Make the root file system with packages from a mirror.

    Raises:
        ToolFailedError: if debootstrap fails.
    """
    unfinished = _unfinished(rootfs)
    rootfs.parent.mkdir(parents=True, exist_ok=True)
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
            output=log.read_text(errors="replace"),
            next_step="it fetches packages from the machine's own mirror: see that `apt-get update` works",
        )
    for path in [found for unwanted in UNWANTED for found in unfinished.glob(unwanted)]:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    unfinished.rename(rootfs)


def _unfinished(rootfs: Path) -> Path:
    return rootfs.with_name(f"{rootfs.name}.partial")
