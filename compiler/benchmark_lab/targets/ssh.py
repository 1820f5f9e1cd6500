"""Takes hosts that somebody has for a run, as an inventory lists them, and leaves the hosts as they were found."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from benchmark_lab.hosts import ssh
from benchmark_lab.hosts.prepared import HostRequest, Hosts
from benchmark_lab.machine.interrupts import Interrupts
from benchmark_lab.machine.progress import Progress
from benchmark_lab.machine.tools import ToolFailedError, Tools
from benchmark_lab.targets import Cost, Driver


class Ssh:
    """The driver that takes the hosts of the inventory that the user lists, and makes no hosts."""

    cost: Cost = "unknown"

    def needs(self, environment: Mapping[str, str]) -> list[str]:
        """Say that SSH's client is missing; return an empty list if this machine has SSH's client."""
        found = shutil.which("ssh", path=environment.get("PATH"))
        return [] if found else ["`ssh` (Debian package openssh-client)"]

    def make_hosts(self, wanted: HostRequest, interrupts: Interrupts, progress: Progress) -> Sequence[Hosts]:
        """Take as many lanes of the inventory as the experiment asks for.

        Raises:
            ToolFailedError: if there is no inventory, or a host cannot be reached or lacks something.
            LockedError: if another run holds one of the hosts.
        """
        del interrupts, progress
        if wanted.caller.inventory is None:
            raise ToolFailedError(
                f"target `{wanted.bundle.experiment.target}` makes no hosts",
                next_step="list yours in a file: --inventory FILE",
            )
        return ssh.make_hosts(wanted, wanted.caller.inventory)

    def remove_leftovers(
        self, state: Path, tools: Tools, environment: Mapping[str, str], say: Callable[[str], None]
    ) -> bool:
        """Return False: the user's hosts stay after a run."""
        del state, tools, environment, say
        return False


DRIVER: Driver = Ssh()
