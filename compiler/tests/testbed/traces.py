"""What making hosts could leave on a machine, to be compared before and after."""

from __future__ import annotations

import os
import subprocess
from contextlib import suppress
from pathlib import Path

STATE = Path("/var/tmp") / f"benchmark-lab-{os.getuid()}" / "testbed"  # noqa: S108  where a testbed keeps its state


def traces() -> dict[str, set[str]]:
    """Namespaces, processes outside the machine's own namespaces, mounts, links, rules, settings, disks and files."""
    return {
        "network namespaces": set(_printed("ip", "netns", "list")),
        "processes elsewhere": _processes_elsewhere(),
        "mounts": {" ".join(line.split()[3:5]) for line in Path("/proc/self/mountinfo").read_text().splitlines()},
        "links": {line.split(": ")[1] for line in _printed("ip", "-o", "link", "show")},
        "addresses": set(_printed("ip", "-o", "address", "show", "to", "198.18.0.0/15")),
        "rules": {line for line in _printed("iptables-save") if line.startswith("-A")},
        "policies": {line.partition(" [")[0] for line in _printed("iptables-save") if line.startswith(":")},
        "forwarding": set(_printed("sysctl", "net.ipv4.ip_forward")),
        "disks": set(_printed("losetup", "--noheadings", "--output", "BACK-FILE")),
        "files": {str(path) for path in (*STATE.parent.glob("testbed*"), *Path("/run").glob("netns*"))},
    }


def _printed(*argv: str) -> list[str]:
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout.splitlines()


def _processes_elsewhere() -> set[str]:
    """The command lines of processes in another pid or network namespace than this one's."""
    ours = {name: Path(f"/proc/self/ns/{name}").readlink() for name in ("pid", "net")}
    found = set()
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # ended in this moment
            if _is_zombie(folder):  # ended, and only waiting for process 1 to notice
                continue
            if any((folder / "ns" / name).readlink() != ours[name] for name in ours):
                found.add(f"{folder.name} {(folder / 'cmdline').read_bytes()!r}")
    return found


def _is_zombie(process: Path) -> bool:
    return (process / "stat").read_text(errors="replace").rpartition(")")[2].split()[0] == "Z"
