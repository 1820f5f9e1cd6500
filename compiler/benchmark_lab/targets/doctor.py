"""Finds what this machine lacks for runs and for each driver of targets, and says how to get what is missing."""

from __future__ import annotations

import platform
import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from benchmark_lab.bundle import BundledLanguage, NeededProgram, Part
from benchmark_lab.hosts.cpus import available_cpus
from benchmark_lab.machine import folders, programs
from benchmark_lab.machine.tools import ToolFailedError, Tools
from benchmark_lab.targets import driver_names, find_driver

FREE_GIB = 3
CPUS_WANTED = 2
FIRST_DRIVER = "local"
"""Name of the driver of the target that quickstart runs on."""


class Finding(Part):
    """One thing that `lab doctor` looked at."""

    what: str
    ok: bool
    needed: bool
    """True if `lab apply` cannot do without the thing."""
    found: str
    help: str = ""


def examine(
    tools: Tools, environment: Mapping[str, str], system: str = sys.platform, languages: Iterable[BundledLanguage] = ()
) -> Iterator[Finding]:
    """Look at everything that runs, drivers and these languages use.

    On a machine without Linux, look at nothing but the system.
    """
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
    yield _program("go", ["version"], "it builds the upstream, the null server and k6", tools, environment)
    for language in languages:
        for need in language.needs:
            yield _need(need, language.name, tools, environment)
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
    """Look at what each driver needs.

    The driver of target `local` is needed, since a first run is on this machine.
    """
    for name in driver_names():
        lacking = _lacking(name, environment)
        yield Finding(
            what=f"driver `{name}`",
            ok=not lacking,
            needed=name == FIRST_DRIVER,
            found=f"lacks {'; '.join(lacking)}" if lacking else "lacks nothing",
            help=f"targets with `driver: {name}` cannot be used until then",
        )


def _lacking(driver: str, environment: Mapping[str, str]) -> list[str]:
    try:
        return find_driver(driver).needs(environment)
    except ToolFailedError as error:
        return [str(error)]


def _program(name: str, arguments: list[str], use: str, tools: Tools, environment: Mapping[str, str]) -> Finding:
    path = shutil.which(name, path=environment.get("PATH"))
    if path is None:
        return Finding(what=name, ok=False, needed=True, found="not on PATH", help=f"install it: {use}")
    done = tools.run([path, *arguments])
    return Finding(what=name, ok=done.status == 0, needed=True, found=(done.stdout or done.stderr).strip(), help=use)


def _need(need: NeededProgram, language: str, tools: Tools, environment: Mapping[str, str]) -> Finding:
    program = programs.find_needed(need, environment, tools)
    return Finding(
        what=f"{need.program} for {language}",
        ok=program is not None,
        needed=False,
        found=str(program or "none on PATH that will do"),
        help=f"{need.purpose}; of root's only one that every user can execute" if need.serves else need.purpose,
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
