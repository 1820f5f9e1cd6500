"""Ways to make a host of a testbed bad on purpose, and good again."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypedDict


class Host(TypedDict):
    """What these need of a host in `lab testbed status --json`."""

    address: str
    namespace: str
    init_pid: int
    cpus: list[int]


def on(host: Host, *argv: str) -> subprocess.CompletedProcess[str]:
    """Run a command on the host without its network or sshd."""
    entering = ["nsenter", "--target", str(host["init_pid"]), "--mount", "--uts", "--ipc", "--net", "--pid"]
    return subprocess.run([*entering, *argv], capture_output=True, text=True, timeout=60, check=False)


@contextmanager
def cut_off(host: Host) -> Iterator[None]:
    """The host's cable is pulled."""
    subprocess.run(["ip", "link", "set", host["namespace"], "down"], check=True)
    try:
        yield
    finally:
        subprocess.run(["ip", "link", "set", host["namespace"], "up"], check=True)


@contextmanager
def stopped_sshd(host: Host) -> Iterator[None]:
    """Nobody can log in; all else on the host goes on."""
    on(host, "start-stop-daemon", "--stop", "--retry", "5", "--pidfile", "/run/sshd.pid", "--remove-pidfile")
    try:
        yield
    finally:
        on(host, "/usr/sbin/sshd")


@contextmanager
def full_disk(host: Host) -> Iterator[None]:
    """Nothing can be written on the host any more; the space is reserved only, so the machine's disk does not fill."""
    free = on(host, "df", "--output=avail", "--block-size=1", "/").stdout.split()[-1]
    on(host, "fallocate", "--length", free, "/filler")
    on(host, "dd", "if=/dev/zero", "of=/filler.end", "bs=4k")  # what fallocate could not get
    try:
        yield
    finally:
        on(host, "rm", "--force", "/filler", "/filler.end")


@contextmanager
def slowed(host: Host, neighbours: int = 4) -> Iterator[None]:
    """Busy neighbours on each of the host's CPUs leave it a share of them."""
    cpus = ",".join(map(str, host["cpus"]))
    argv = ["taskset", "--cpu-list", cpus, "sh", "-c", "while :; do :; done"]
    busy = [subprocess.Popen(argv) for _ in range(neighbours * len(host["cpus"]))]
    try:
        yield
    finally:
        for process in busy:
            process.kill()
            process.wait()
