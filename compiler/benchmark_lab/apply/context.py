"""Holds what every stage of a run uses: the run's folder, bundle and journal, and the seams to everything outside."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event

from benchmark_lab.apply.world import World
from benchmark_lab.bundle import Cell
from benchmark_lab.hosts.caller import Caller
from benchmark_lab.hosts.prepared import Hosts
from benchmark_lab.hosts.secret import Secrets, new_secrets
from benchmark_lab.machine.interrupts import Interrupts
from benchmark_lab.machine.process import end_marked
from benchmark_lab.machine.progress import Progress
from benchmark_lab.machine.tools import Tools
from benchmark_lab.store.bundles import LoadedBundle
from benchmark_lab.store.journal import Journal
from benchmark_lab.store.run_folder import RunFolder
from benchmark_lab.store.run_state import RunState


@dataclass(slots=True)
class Run:
    """One application of a bundle, or of what is left to do of a bundle."""

    folder: RunFolder
    bundle: LoadedBundle
    tools: Tools
    caller: Caller
    progress: Progress
    journal: Journal
    """Journal of the run; `outcome` takes each recorded entry at once."""
    interrupts: Interrupts
    mark: str
    """Mark of the processes that the controller starts."""
    outcome: RunState
    world: World
    secrets: Secrets = field(default_factory=new_secrets)
    stopped: Event = field(default_factory=Event)
    """Event that is set once a lane failed, or the run was interrupted: the other lanes are to end."""

    @contextmanager
    def phase(self, name: str) -> Iterator[dict[str, object]]:
        """Journal the phase's begin and end; the end carries what the caller puts into the mapping."""
        self.progress.phase(name)
        self.journal.record("phase-started", phase=name)
        began = self.world.monotonic()
        details: dict[str, object] = {}
        try:
            yield details
        finally:
            seconds = round(self.world.monotonic() - began, 3)
            self.journal.record("phase-ended", phase=name, seconds=seconds, **details)

    def stop(self, lanes: Iterable[Hosts]) -> None:
        """End what goes on in every lane."""
        self.stopped.set()
        for hosts in lanes:
            hosts.hang_up()
        end_marked(self.mark)

    def exclude(self, cells: Iterable[Cell], reason: str) -> None:
        """Exclude these cells from measuring; the trials that the cells already have stay."""
        if named := [cell.id for cell in cells]:
            self.journal.record("excluded", cells=named, reason=reason)
