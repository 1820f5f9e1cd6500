"""Describes a machine, for the provenance."""

from __future__ import annotations

import hashlib
import os
import platform
from collections.abc import Mapping
from pathlib import Path


def describe() -> dict[str, str]:
    """Return kernel, CPU model, number of CPUs, memory and operating system of this machine, for the provenance."""
    cpuinfo = Path("/proc/cpuinfo").read_text(errors="replace").splitlines()
    models = {line.partition(":")[2].strip() for line in cpuinfo if line.startswith("model name")}
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    release = platform.freedesktop_os_release() if Path("/etc/os-release").exists() else {}
    return {
        "system": release.get("PRETTY_NAME", platform.system()),
        "kernel": platform.release(),
        "architecture": platform.machine(),
        "cpu": ", ".join(sorted(models)) or "unknown",
        "cpus": str(os.cpu_count()),
        "memory_gib": f"{memory / 2**30:.1f}",
    }


def by_host(facts: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """Merge the facts of several hosts: a fact comes once where all hosts have the same, else by host."""
    found: dict[str, str] = {}
    for name in dict.fromkeys(name for of_host in facts.values() for name in of_host):
        values = {host: of_host[name] for host, of_host in facts.items() if name in of_host}
        if len(values) == len(facts) and len(set(values.values())) == 1:
            found[name] = next(iter(values.values()))
        else:
            found |= {f"{name} of {host}": value for host, value in values.items()}
    return found


def machine_id() -> str:
    """Return an id that tells this installation from others.

    The id is derived from /etc/machine-id, which is not to be published itself.
    """
    path = Path("/etc/machine-id")
    known = (path.read_bytes().strip() if path.exists() else b"") or platform.node().encode()
    return hashlib.sha256(b"benchmark-lab:" + known).hexdigest()[:16]
