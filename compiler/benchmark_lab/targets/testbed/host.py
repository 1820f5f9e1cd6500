"""Prepares one host of a testbed, starts the host, finds its processes and ends them."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from benchmark_lab.hosts.ssh.key import new_key
from benchmark_lab.machine.tools import ToolFailedError, Tools
from benchmark_lab.targets.testbed.layout import Host
from benchmark_lab.targets.testbed.network import NAMESPACES
from benchmark_lab.targets.testbed.packages import PackageSettings, reaching

DISK_GIB = 16
"""GiB that a host can write: the disk is a sparse file, so that a full disk is the host's alone."""

PORT = 22
START_TIMEOUT_S = 20.0
END_TIMEOUT_S = 10.0

_OPEN_FILES = 1024
"""Soft limit of open files in a host: the limit that Debian sets, whatever the caller's limit is."""

_INIT = Path(__file__).with_name("host.sh")
_SSHD = f"""Port {PORT}
HostKey /etc/ssh/ssh_host_ed25519_key
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
UseDNS no
MaxStartups 100
MaxSessions 100
PidFile /run/sshd.pid
Subsystem sftp internal-sftp
"""
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def prepare(
    host: Host, folder: Path, *, hosts: Sequence[Host], authorized: str, settings: PackageSettings, tools: Tools
) -> str:
    """Write the host's own files and its empty disk; return the host's line for `known_hosts`.

    Args:
        host: the host to prepare.
        folder: the folder of this host, which this function makes.
        hosts: all hosts that are to know each other by name.
        authorized: the public key that may log in as root.
        settings: the settings with which hosts get packages.
        tools: the seam to other programs.
    """
    files = folder / "files"
    environment = reaching({**settings.environment, "LANG": "C.UTF-8"}, [each.address for each in hosts])
    assignments = " ".join(f'"{name}={value}"' for name, value in environment.items())
    names = "".join(f"{each.address} {each.name}\n" for each in hosts)
    texts = {
        **settings.files,
        "etc/hostname": f"{host.name}\n",
        "etc/hosts": f"127.0.0.1 localhost\n{names}",
        "etc/machine-id": f"{secrets.token_hex(16)}\n",
        "etc/ssh/sshd_config": f"{_SSHD}SetEnv {assignments}\n",
        "root/.ssh/authorized_keys": f"{authorized}\n",
    }
    for name, text in texts.items():
        _write(files, name, text)
    public = new_key(files / "etc/ssh/ssh_host_ed25519_key", host.name, tools)
    _make_disk(folder / "disk.ext4", tools)
    return f"{host.address},{host.name} {' '.join(public.split()[:2])}\n"


def _write(root: Path, name: str, text: str) -> None:
    """Write one file with Debian's permissions: all users can read the file, but root alone reads root's own files."""
    private = name.startswith("root/")
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600 if private else 0o644)
    for folder in path.relative_to(root).parents:
        (root / folder).chmod(0o700 if folder.parts[:1] == ("root",) else 0o755)


def _make_disk(path: Path, tools: Tools) -> None:
    with path.open("wb") as file:
        file.truncate(DISK_GIB * 2**30)
    done = tools.run(["mkfs.ext4", "-q", "-m", "0", str(path)])
    if done.status != 0:
        raise ToolFailedError(f"{path} cannot become a file system", output=done.stderr)


def start(host: Host, rootfs: Path, folder: Path, mark: Mapping[str, str], tools: Tools) -> None:
    """Start the host on its CPUs, with `mark` in the environment of the host's processes.

    The host goes on when `lab` has ended.
    """
    argv = [
        *("nsenter", f"--net={NAMESPACES / host.namespace}"),
        *("prlimit", f"--nofile={_OPEN_FILES}:"),
        *("taskset", "--cpu-list", ",".join(map(str, host.cpus))),
        *("unshare", "--mount", "--uts", "--ipc", "--pid", "--fork", "--kill-child"),
        *("sh", str(_INIT), str(rootfs), str(folder), host.name),
    ]
    tools.start(argv, env={"PATH": _PATH, "LANG": "C.UTF-8", **mark}, log=folder / "log")


def wait_until_answering(host: Host, folder: Path) -> None:
    """Wait until the host's sshd answers.

    Raises:
        ToolFailedError: if the host's sshd does not answer in time.
    """
    deadline = time.monotonic() + START_TIMEOUT_S
    while not answers(host):
        if time.monotonic() > deadline:
            raise ToolFailedError(
                f"host {host.name} does not answer on {host.address} port {PORT} after {START_TIMEOUT_S:g} s",
                output=(folder / "log").read_text(errors="replace"),
            )
        time.sleep(0.1)


def answers(host: Host) -> bool:
    """Return True if an SSH server greets at the host's address."""
    with suppress(OSError), socket.create_connection((host.address, PORT), timeout=1) as connection:
        return connection.recv(4) == b"SSH-"
    return False


def processes(host: Host, tools: Tools) -> list[int]:
    """Return the machine's ids of the host's processes: all processes that are in the host's network namespace."""
    return [int(pid) for pid in tools.run(["ip", "netns", "pids", host.namespace]).stdout.split()]


def init_pid(host: Host, tools: Tools) -> int | None:
    """Return the machine's id of the host's process 1; return None while the host is not running."""
    for pid in processes(host, tools):
        if _numbers(pid).endswith("\t1"):
            return pid
    return None


def _numbers(pid: int) -> str:
    """Return the line with the process's number in each of the process's pid namespaces, the innermost last."""
    with suppress(OSError):
        lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace").splitlines()
        return next((line for line in lines if line.startswith("NSpid:")), "")
    return ""


def end(host: Host, tools: Tools) -> None:
    """End all that runs on the host at once: the host's process 1 takes the other processes with it."""
    deadline = time.monotonic() + END_TIMEOUT_S
    while (pids := processes(host, tools)) and time.monotonic() < deadline:
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.05)
