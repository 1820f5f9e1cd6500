"""The seam to what a run asks of the world around the run, besides tools: where a fake world goes in."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from benchmark_lab.apply.gate import prove
from benchmark_lab.bundle import Cell
from benchmark_lab.hosts.prepared import HostRequest, Hosts
from benchmark_lab.machine import folders
from benchmark_lab.machine.interrupts import Interrupts
from benchmark_lab.machine.process import start_ticks
from benchmark_lab.machine.progress import Progress
from benchmark_lab.machine.tools import Tools
from benchmark_lab.records import Controller
from benchmark_lab.targets import make_hosts
from benchmark_lab.targets.leftovers import reap_all


class ProveServer(Protocol):
    """Runs the conformance gate, as `gate.prove` does."""

    def __call__(
        self,
        hosts: Hosts,
        cell: Cell,
        on_step: Callable[[str], None],
        *,
        openapi: Path,
        seed: int,
        logs: Path,
    ) -> str | None:
        """Return why the cell's server is not to be measured; None if the server is to be measured."""


def now() -> str:
    """Return the time of day, in UTC."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


@dataclass(frozen=True, slots=True)
class World:
    """The world of a run: its hosts, its clocks and its disk."""

    lock: Callable[[str], AbstractContextManager[None]] = folders.locked
    """Function that holds the hosts for the run of the given name."""
    reap: Callable[[Path, Tools, Mapping[str, str], Callable[[str], None]], None] = reap_all
    states: Callable[[], Path] = folders.run_states
    """Function that returns the folder of the runs' state folders."""
    make_hosts: Callable[[HostRequest, Interrupts, Progress], Sequence[Hosts]] = make_hosts
    prove: ProveServer = prove
    now: Callable[[], str] = now
    monotonic: Callable[[], float] = time.monotonic
    fsync: Callable[[int], None] = os.fsync


def this_process(mark: str) -> Controller:
    """Return the controller of a run that this process carries out."""
    return Controller(pid=os.getpid(), start_ticks=start_ticks(os.getpid()), host=socket.gethostname(), mark=mark)


def lives(controller: Controller) -> bool | None:
    """True if the controller's process is there; None where the process is on another host.

    A process on another host cannot be seen from here.
    """
    if controller.host != socket.gethostname():
        return None
    return controller.start_ticks is not None and start_ticks(controller.pid) == controller.start_ticks
