"""Says how `lab` and Ansible log in to a host: the only module with SSH's options."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path

from benchmark_lab.hosts.inventory import InventoryHost, Login

ALIVE = ("ConnectTimeout=10", "ServerAliveInterval=5", "ServerAliveCountMax=3")
"""Options with which `ssh` notices after 15 s that a host is cut off."""


@dataclass(frozen=True, slots=True)
class Access:
    """One host, and how SSH reaches the host."""

    host: InventoryHost
    login: Login
    socket: Path
    """Path of the socket of the connection that all commands share; the path is short, as sockets' must be."""

    @property
    def user(self) -> str:
        """Return the name of the user that logs in."""
        return self.host.user or self.login.user

    @property
    def described(self) -> str:
        """Return the host's name, user and address, for messages."""
        return f"host {self.host.name} ({self.user}@{self._address})"

    @property
    def _address(self) -> str:
        return self.host.ssh_address or self.host.address

    @property
    def _port(self) -> int:
        return self.host.port or self.login.port

    def _options(self) -> list[str]:
        identity = [f'IdentityFile="{self.login.key}"', "IdentitiesOnly=yes"] if self.login.key else []
        trust = ["StrictHostKeyChecking=yes", f'UserKnownHostsFile="{self.login.known_hosts}"']
        quiet = ["BatchMode=yes", "LogLevel=ERROR"]
        options = [*quiet, *trust, "GlobalKnownHostsFile=none", *identity, *ALIVE, f'ControlPath="{self.socket}"']
        return [word for option in options for word in ("-o", option)]

    def opening(self, command: str) -> list[str]:
        """Return the command line that opens the connection and runs a command on the host; both end together."""
        master = ["-o", "ControlMaster=yes", "-o", "ControlPersist=no", "-T"]
        return ["ssh", *master, *self._options(), *self._destination(), command]

    def asking(self, command: str) -> list[str]:
        """Return the command line that runs a command on the host over a connection of its own."""
        return ["ssh", "-T", *self._options(), *self._destination(), command]

    def forwarding(self, action: str, ports: str) -> list[str]:
        """Return the command line that adds a forward to the open connection (`forward`) or removes one (`cancel`)."""
        return ["ssh", "-O", action, "-L", ports, *self._options(), *self._destination()]

    def _destination(self) -> list[str]:
        return ["-p", str(self._port), f"{self.user}@{self._address}"]

    def variables(self) -> dict[str, object]:
        """Return the host's variables for Ansible.

        Ansible shares the open connection, and opens another connection where the shared one is gone.
        """
        return {
            "ansible_host": self._address,
            "ansible_port": self._port,
            "ansible_user": self.user,
            "ansible_ssh_args": "-o ControlMaster=auto -o ControlPersist=15s",
            "ansible_ssh_common_args": shlex.join(self._options()),
        }
