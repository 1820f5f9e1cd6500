"""Lists what a machine needs to carry hosts of its own, and finds which of these needs are missing."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from benchmark_lab.machine.tools import ToolFailedError

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
"""Keyring that the root file system's packages are checked against."""

PROGRAMS = {
    "debootstrap": "debootstrap",
    "ip": "iproute2",
    "iptables": "iptables",
    "mkfs.ext4": "e2fsprogs",
    "ssh-keygen": "openssh-client",
    "sysctl": "procps",
    "unshare": "util-linux",
}
"""Debian packages by the name of the program that must be on PATH, and that the package has."""


def missing(environment: Mapping[str, str]) -> list[str]:
    """Say in words what this machine lacks; return an empty list if hosts can be made on this machine."""
    if sys.platform != "linux":
        return ["Linux: hosts are made of its namespaces"]
    found = [] if os.geteuid() == 0 else ["root: making namespaces, mounts and network links takes it"]
    return found + [
        f"{what} (Debian package {package})" for what, package in _missing_by_package(environment.get("PATH")).items()
    ]


def installation(environment: Mapping[str, str]) -> str | None:
    """Return the command that installs the missing Debian packages; return None if no package is missing."""
    packages = sorted(set(_missing_by_package(environment.get("PATH")).values()))
    return f"apt-get install --no-install-recommends {' '.join(packages)}" if packages else None


def _missing_by_package(path: str | None) -> dict[str, str]:
    """Return the Debian packages of the programs and files that are missing, by program or file."""
    found = {f"`{name}`": package for name, package in PROGRAMS.items() if not shutil.which(name, path=path)}
    return found if KEYRING.exists() else {**found, str(KEYRING): "debian-archive-keyring"}


def require(environment: Mapping[str, str]) -> None:
    """Raise an error unless hosts can be made on this machine.

    Raises:
        ToolFailedError: if this machine lacks something.
    """
    if lacks := missing(environment):
        raise ToolFailedError(
            f"a testbed cannot be made on this machine: it lacks {', '.join(lacks)}",
            next_step=f"run `{installation(environment) or 'lab testbed'}` as root on a Linux machine",
        )
