"""Ways to make a host of a testbed bad on purpose, and good again."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypedDict

FAKETIME = "libfaketime"
"""The Debian package with the library that lies about the wall clock."""


class Host(TypedDict):
    """A host as `lab testbed status --json` tells of it."""

    name: str
    role: str
    lane: int
    address: str
    user: str
    key_file: str
    known_hosts_file: str
    cpus: list[int]
    namespace: str
    init_pid: int
    answers: bool


def on(host: Host, *argv: str) -> subprocess.CompletedProcess[str]:
    """Run a command on the host without its network or sshd."""
    entering = ["nsenter", "--target", str(host["init_pid"]), "--mount", "--uts", "--ipc", "--net", "--pid"]
    bound = ["taskset", "--cpu-list", _cpus(host)]
    return subprocess.run([*entering, *bound, *argv], capture_output=True, text=True, timeout=120, check=False)


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
    stop = ("start-stop-daemon", "--stop", "--retry", "5", "--pidfile", "/run/sshd.pid", "--remove-pidfile")
    on(host, *stop).check_returncode()
    try:
        yield
    finally:
        on(host, "/usr/sbin/sshd").check_returncode()


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
def clock_off(host: Host, offset_s: int) -> Iterator[None]:
    """What is started over SSH reads a wall clock that is off; namespaces have no such clock, so a library lies."""
    if on(host, "dpkg", "--status", FAKETIME).returncode != 0:
        on(host, "apt-get", "-qq", "update").check_returncode()
        on(host, "apt-get", "-qq", "install", "--yes", "--no-install-recommends", FAKETIME).check_returncode()
    preload = r'"LD_PRELOAD=\/usr\/$LIB\/faketime\/libfaketime.so.1"'
    lie = f'{preload} "FAKETIME={offset_s:+d}" "FAKETIME_DONT_FAKE_MONOTONIC=1" "DONT_FAKE_MONOTONIC=1" '
    config = "/etc/ssh/sshd_config"
    with stopped_sshd(host):
        on(host, "sed", "--in-place=.right", f"s/^SetEnv /&{lie}/", config).check_returncode()
    try:
        yield
    finally:
        with stopped_sshd(host):
            on(host, "mv", f"{config}.right", config).check_returncode()


@contextmanager
def slowed(host: Host, neighbours: int = 4) -> Iterator[None]:
    """Busy neighbours on each of the host's CPUs leave it a share of them."""
    argv = ["taskset", "--cpu-list", _cpus(host), "sh", "-c", "while :; do :; done"]
    busy = [
        subprocess.Popen(argv, start_new_session=True)  # the kernel shares a CPU out by session
        for _ in range(neighbours * len(host["cpus"]))
    ]
    try:
        yield
    finally:
        for process in busy:
            process.kill()
            process.wait()


def _cpus(host: Host) -> str:
    return ",".join(map(str, host["cpus"]))
