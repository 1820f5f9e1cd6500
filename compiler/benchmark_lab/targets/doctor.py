"""What this machine lacks for runs, what it lacks for each driver of targets, and how to get it."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from benchmark_lab.bundle import Part
from benchmark_lab.hosts.cpus import available_cpus
from benchmark_lab.machine import folders, programs
from benchmark_lab.machine.tools import Tools
from benchmark_lab.targets import driver_names, find_driver

FREE_GIB = 3
CPUS_WANTED = 2


class Finding(Part):
    """One thing that was looked at."""

    what: str
    ok: bool
    needed: bool
    """Whether `lab apply` cannot do without it."""
    found: str
    help: str = ""


def examine(tools: Tools, environment: Mapping[str, str], system: str = sys.platform) -> Iterator[Finding]:
    """Look at everything that runs and drivers use; without Linux, at nothing else."""
    yield Finding(
        what="Linux",
        ok=system == "linux",
        needed=True,
        found=platform.platform(),
        help="runs are carried out from Linux, on remote hosts too; other systems can validate, plan and compile",
    )
    if system != "linux":
        return
    yield _program("git", ["--version"], "`lab` copies the files that git tracks", tools, environment)
    yield _program("go", ["version"], "it builds Go implementations, the upstream and k6", tools, environment)
    npm = shutil.which("npm", path=environment.get("PATH"))
    yield Finding(
        what="npm",
        ok=npm is not None,
        needed=False,
        found=npm or "not on PATH",
        help="it installs the Node.js that implementations in TypeScript are built and served with",
    )
    if os.getuid() == 0:
        yield _python(tools, environment)
    k6 = programs.find_k6(environment, tools)
    yield Finding(what="k6", ok=True, needed=False, found=k6 or "none on PATH: built with Go at the first run")
    cpus = available_cpus()
    yield Finding(
        what="CPUs",
        ok=len(cpus) >= CPUS_WANTED,
        needed=False,
        found=f"{len(cpus)}",
        help="with one CPU the generator and the server share it, and results carry a label that says so",
    )
    yield from _drivers(environment)
    for what, folder in (("space for builds", folders.cache_root(environment)), ("space for runs", Path("/var/tmp"))):  # noqa: S108  as in local
        yield _space(what, folder)


def _drivers(environment: Mapping[str, str]) -> Iterator[Finding]:
    """Look at what each driver needs; a run needs one driver that lacks nothing."""
    lacks = {name: find_driver(name).needs(environment) for name in driver_names()}
    for name, lacking in lacks.items():
        yield Finding(
            what=f"driver `{name}`",
            ok=not lacking,
            needed=all(lacks.values()),
            found=f"lacks {'; '.join(lacking)}" if lacking else "lacks nothing",
            help=f"targets with `driver: {name}` cannot be used until then",
        )


def _program(name: str, arguments: list[str], use: str, tools: Tools, environment: Mapping[str, str]) -> Finding:
    path = shutil.which(name, path=environment.get("PATH"))
    if path is None:
        return Finding(what=name, ok=False, needed=True, found="not on PATH", help=f"install it: {use}")
    done = tools.run([path, *arguments])
    return Finding(what=name, ok=done.status == 0, needed=True, found=(done.stdout or done.stderr).strip(), help=use)


def _python(tools: Tools, environment: Mapping[str, str]) -> Finding:
    python = programs.find_python(environment, tools)
    return Finding(
        what="Python for servers",
        ok=python is not None,
        needed=False,
        found=str(python or "none of version 3.11 or later with `venv` that other users can execute"),
        help="install Debian's python3-venv: a Python in root's home serves as root only",
    )


def _space(what: str, folder: Path) -> Finding:
    existing = next(parent for parent in (folder, *folder.parents) if parent.exists())
    free = shutil.disk_usage(existing).free / 2**30
    return Finding(
        what=what,
        ok=free >= FREE_GIB,
        needed=True,
        found=f"{free:.0f} GiB free in {existing}",
        help=f"free {FREE_GIB} GiB",
    )
