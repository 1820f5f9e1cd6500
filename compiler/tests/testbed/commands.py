"""What a user does with a testbed: runs `lab testbed`, reads what it prints, and logs in."""

from __future__ import annotations

import json
import os
import subprocess
import sys

from tests.testbed.harm import Host

COMMAND = (sys.executable, "-m", "benchmark_lab", "testbed")


def lab(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    argv, env = [*COMMAND, *arguments], {**os.environ, **environment}
    return subprocess.run(argv, env=env, capture_output=True, text=True, timeout=600, check=False)


def hosts() -> dict[str, Host]:
    return {host["name"]: host for host in json.loads(lab("status", "--json").stdout)["hosts"]}


def answering() -> dict[str, bool]:
    return {name: host["answers"] for name, host in hosts().items()}


def ssh(host: Host, command: str) -> subprocess.CompletedProcess[str]:
    """Run a command on a host as anybody would who knows its key, and trusts nothing else."""
    options = {
        "UserKnownHostsFile": host["known_hosts_file"],
        "GlobalKnownHostsFile": "/dev/null",
        "StrictHostKeyChecking": "yes",
        "BatchMode": "yes",
        "ConnectTimeout": "5",
    }
    flags = [word for option, value in options.items() for word in ("-o", f"{option}={value}")]
    argv = ["ssh", "-F", "none", "-i", host["key_file"], *flags, f"{host['user']}@{host['address']}", command]
    return subprocess.run(argv, capture_output=True, text=True, timeout=300, check=False)
