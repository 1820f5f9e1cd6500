"""What the command line alters in an experiment: a rehearsal, a shorter run, a part of its cells."""

from __future__ import annotations

from dataclasses import dataclass

from benchmark_lab.experiment.file import ExperimentFile, Rounds
from benchmark_lab.source.quantity import counted, duration_text


@dataclass(frozen=True, slots=True)
class Changes:
    """The flags that `validate`, `plan`, `compile` and `apply` share."""

    target: str | None = None
    rounds: int | None = None
    lanes: int | None = None
    window_s: float | None = None
    only: tuple[tuple[str, str], ...] = ()
    """Axis and value; values of one axis are alternatives, different axes all have to hold."""
    keywords: str = ""
    """Words of cell ids, joined by `and`, `or`, `not` and parentheses."""


def change(file: ExperimentFile, changes: Changes) -> tuple[ExperimentFile, tuple[str, ...]]:
    """Return the experiment as the flags want it, and a note for each way in which it asks for less than the file."""
    altered: dict[str, object] = {}
    notes: list[str] = []
    if changes.target is not None and changes.target != file.target:
        altered["target"] = changes.target
        notes.append(f"Measured on target {changes.target}; the experiment asks for {file.target}.")
    if changes.rounds is not None:
        altered["rounds"] = rounds = Rounds(min=changes.rounds, max=changes.rounds)
        if changes.rounds < file.rounds.max:
            notes.append(f"Shortened to {rounds.words}; the experiment asks for {file.rounds.words}.")
    if changes.lanes is not None:
        altered["lanes"] = changes.lanes
        if changes.lanes < file.lanes:
            fewer = counted(changes.lanes, "lane")
            notes.append(f"Measured on {fewer}; the experiment asks for {counted(file.lanes, 'lane')}.")
    if changes.window_s is not None:
        altered["load"] = file.load.model_copy(update={"window": changes.window_s})
        if changes.window_s < file.load.window:
            shorter, asked = duration_text(changes.window_s), duration_text(file.load.window)
            notes.append(f"Shortened to windows of {shorter}; the experiment asks for {asked}.")
    return file.model_copy(update=altered), tuple(notes)
