"""A driver of hosts of cardboard: a run that made some has a file in its state."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from benchmark_lab.hosts.prepared import HostRequest, Hosts
from benchmark_lab.machine.interrupts import Interrupts
from benchmark_lab.machine.progress import Progress
from benchmark_lab.machine.tools import Tools
from benchmark_lab.targets import Cost, Driver

CARDBOARD = "cardboard"


class Toy:
    cost: Cost = "free"

    def needs(self, environment: Mapping[str, str]) -> list[str]:
        return [] if "CARDBOARD" in environment else ["cardboard"]

    def make_hosts(self, wanted: HostRequest, interrupts: Interrupts, progress: Progress) -> Sequence[Hosts]:
        del interrupts
        progress.say(f"Cutting hosts for {wanted.bundle.experiment.target}.")
        wanted.state.mkdir()
        (wanted.state / CARDBOARD).touch()
        return []

    def remove_leftovers(
        self, state: Path, tools: Tools, environment: Mapping[str, str], say: Callable[[str], None]
    ) -> bool:
        del tools, environment
        if not (state / CARDBOARD).exists():
            return False
        say("The cardboard is put away.")
        return True


DRIVER: Driver = Toy()
