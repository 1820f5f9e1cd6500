"""Debian's packages into the root file system that all hosts share read-only, made once and kept in the cache."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Mapping
from pathlib import Path

from benchmark_lab.runtime.testbed.needs import KEYRING
from benchmark_lab.runtime.testbed.registry import Deed, Step
from benchmark_lab.runtime.tools import ToolFailedError, Tools

RELEASE = "bookworm"
PACKAGES = ("ca-certificates", "iproute2", "iputils-ping", "openssh-server", "procps", "python3", "tini")
"""Beyond the smallest Debian: what a rented machine has (SSH, Python, network tools), and a process 1."""


def place(cache: Path) -> Path:
    """Where the root file system lies, once it is made; another list of packages is another one."""
    contents = hashlib.sha256(" ".join(PACKAGES).encode()).hexdigest()[:8]
    return cache / "testbed" / f"{RELEASE}-{platform.machine()}-{contents}"


def partial(rootfs: Path) -> Step:
    """The deed of making it: what is unfinished is removed."""
    folder = str(rootfs.with_name(f"{rootfs.name}.partial"))
    return Step(
        Deed(
            what=f"folder {folder}",
            check=("test", "-e", folder),
            undo=("rm", "--recursive", "--force", "--one-file-system", folder),
        )
    )


def make(rootfs: Path, mirror: str, environment: Mapping[str, str], tools: Tools) -> None:
    """Make the root file system.

    Raises:
        ToolFailedError: if debootstrap fails.
    """
    unfinished = rootfs.with_name(f"{rootfs.name}.partial")
    log = rootfs.with_name("debootstrap.log")
    rootfs.parent.mkdir(parents=True, exist_ok=True)
    argv = [
        *(
            "unshare",
            "--mount",
            "--mount-proc",
            "--pid",
            "--fork",
            "--kill-child",
        ),  # its mounts and processes end with it
        *("debootstrap", "--force-check-gpg", f"--keyring={KEYRING}", "--variant=minbase"),
        *(f"--include={','.join(PACKAGES)}", RELEASE, str(unfinished), mirror),
    ]
    status = tools.stream(argv, env=environment, cwd=rootfs.parent, log=log, on_line=lambda _: None)
    if status != 0:
        raise ToolFailedError(
            f"debootstrap ended with {status}",
            output=log.read_text(errors="replace"),
            next_step=f"see {log}; it fetches packages from the machine's own mirror",
        )
    for unwanted in ("etc/ssh/ssh_host_*", "var/cache/apt/archives/*.deb"):
        for path in unfinished.glob(unwanted):
            path.unlink()
    unfinished.rename(rootfs)
