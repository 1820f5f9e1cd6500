"""Runs on a host as long as a run uses the host: holds the host's lock and answers questions, a JSON line each.

The controller sends this program over the connection. The program needs nothing but Python's own library.
When the program's input ends, the program ends and lets go of the host.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import platform
import pwd
import sys
import time
from pathlib import Path
from typing import IO

DPKG_STATUS = Path("/var/lib/dpkg/status")
"""File in which Debian notes the installed packages; other systems have no such file."""


def take(root: Path, cache: Path, path: Path, run: str, owner: str) -> tuple[IO[str] | None, str]:
    """Take the host's lock, and return the lock's file if taken, and the holder if somebody else holds the lock."""
    root.mkdir(mode=0o711, exist_ok=True)
    cache.mkdir(exist_ok=True)
    for folder in (root, cache):
        if folder.is_symlink() or folder.stat().st_uid != os.getuid():
            return None, f"another user, to whom {folder} belongs"
    lock = os.fdopen(opened(path), "r+", encoding="utf-8")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = lock.read().strip()
        if holder.startswith(f"run {run} (pid "):  # its controller, on this machine: that has it for this run already
            return None, ""
        return None, holder or "another run"
    lock.truncate(0)
    lock.write(f"{owner}\n")
    lock.flush()
    return lock, ""


def opened(path: Path) -> int:
    """Return a descriptor of the lock that all users of the machine share, opened as in benchmark_lab.machine.lock."""
    with contextlib.suppress(FileExistsError):
        made = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o666)
        os.fchmod(made, 0o666)  # whatever the umask
        os.close(made)
    return os.open(path, os.O_RDWR | os.O_NOFOLLOW)


def facts() -> dict[str, object]:
    """Return what the host is, and what the host has installed."""
    cpuinfo = Path("/proc/cpuinfo").read_text(errors="replace").splitlines()
    models = {line.partition(":")[2].strip() for line in cpuinfo if line.startswith("model name")}
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    release = platform.freedesktop_os_release()
    return {
        "machine": {
            "system": release.get("PRETTY_NAME", platform.system()),
            "kernel": platform.release(),
            "architecture": platform.machine(),
            "cpu": ", ".join(sorted(models)) or "unknown",
            "cpus": str(os.cpu_count()),
            "memory_gib": f"{memory / 2**30:.1f}",
        },
        "machine_id": machine_id(),
        "cpus": sorted(os.sched_getaffinity(0)),
        "python": platform.python_version(),
        "packages": installed(DPKG_STATUS),
        "postgresql": any(Path("/usr/lib/postgresql").glob("*/bin/postgres")),
        "users": [entry.pw_name for entry in pwd.getpwall()],
    }


def installed(status: Path) -> list[str]:
    """Return the sorted names of the Debian packages that are installed; other systems have none."""
    found = []
    for paragraph in status.read_text(errors="replace").split("\n\n") if status.exists() else ():
        fields = dict(line.split(": ", 1) for line in paragraph.splitlines() if ": " in line and line[0] != " ")
        if fields.get("Status", "").endswith(" installed"):
            found.append(fields["Package"])
    return sorted(found)


def machine_id() -> str:
    """Return the id that tells this installation from others, as benchmark_lab.hosts.facts does."""
    path = Path("/etc/machine-id")
    known = (path.read_bytes().strip() if path.exists() else b"") or platform.node().encode()
    return hashlib.sha256(b"benchmark-lab:" + known).hexdigest()[:16]


def main() -> None:
    """Take the host, then answer questions until the input ends."""
    os.umask(0o022)  # whatever the host's: other users pass the folders that are made here
    order = json.loads(sys.stdin.readline())
    root, cache = Path(order["root"]), Path(order["cache"])
    lock, holder = take(root, cache, Path(order["lock"]), order["run"], order["owner"])
    if holder:
        say({"held_by": holder})
        return
    runs, builds = root / "runs", cache / "builds"
    former = sorted(path.name for path in runs.glob("*"))
    for folder in (runs, runs / order["run"], builds):
        folder.mkdir(mode=0o711, exist_ok=True)
    for folder in (cache, builds):
        folder.chmod(0o755)  # every user can read what was built, whoever made the folders, and how
    say({"held_by": "", "former": former, **facts()})
    for line in sys.stdin:
        question = json.loads(line)
        if question["ask"] == "clock":
            say({"monotonic_s": time.monotonic()})
        else:
            say({"text": Path(question["path"]).read_text(encoding="utf-8", errors="replace")})
    with contextlib.suppress(OSError):  # of a run that is not cleaned up yet there is more than an empty folder
        (runs / order["run"]).rmdir()
    if lock:
        lock.truncate(0)


def say(answer: dict[str, object]) -> None:
    """Print an answer as one JSON line."""
    print(json.dumps(answer), flush=True)  # noqa: T201  the answer


if __name__ == "__main__":
    main()
