"""How far a run has come, read from its journal."""

from __future__ import annotations

from pathlib import Path

from benchmark_lab.bundle import Schedule, StoredFile
from benchmark_lab.runtime.journal import read_journal
from benchmark_lab.runtime.store import read_stored


class Status(StoredFile):
    """The state of a run as its journal tells it."""

    folder: str
    state: str
    """`running` (or killed: the journal cannot tell), `complete` or `interrupted`."""
    phase: str | None
    trials_done: int
    trials_planned: int
    """At most: a run may stop early, and what fails conformance is not measured."""
    valid: int
    last_event_at: str | None
    last_verdicts: tuple[str, ...]


LAST_VERDICTS = 5


def status_of(folder: Path) -> Status:
    """Read a run's journal, whole or cut off.

    Raises:
        ToolFailedError: if the folder holds no bundle.
    """
    schedule = read_stored(folder / "bundle" / "schedule.json", Schedule)
    state, phase, last_at = "running", None, None
    verdicts: list[tuple[str, str]] = []
    path = folder / "journal.jsonl"
    for entry in read_journal(path) if path.exists() else ():
        last_at = entry.at
        match entry.event:
            case "phase-started":
                phase = str(entry.data["phase"])
            case "phase-ended":
                phase = None
            case "trial-ended":
                verdicts.append((str(entry.data["cell"]), str(entry.data["verdict"])))
            case "run-ended":
                state = "complete" if entry.data["complete"] else "interrupted"
            case _:
                pass
    return Status(
        folder=str(folder),
        state=state,
        phase=phase,
        trials_done=len(verdicts),
        trials_planned=sum(len(order) for block in schedule.blocks for order in block.rounds),
        valid=sum(verdict == "valid" for _, verdict in verdicts),
        last_event_at=last_at,
        last_verdicts=tuple(f"{cell}: {verdict}" for cell, verdict in verdicts[-LAST_VERDICTS:]),
    )
