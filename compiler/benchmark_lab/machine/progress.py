"""The progress that a run tells whoever watches the run; the command line renders the progress."""

from __future__ import annotations

from typing import Protocol

from benchmark_lab.records import Trial


class Progress(Protocol):
    """Receives a run's progress; must not raise."""

    def phase(self, name: str) -> None:
        """Show that a phase starts."""

    def step(self, text: str) -> None:
        """Show that something within the phase starts."""

    def trial(self, done: int, total: int, trial: Trial, seconds_left: float) -> None:
        """Show that trial `done` of at most `total` ended."""

    def say(self, text: str) -> None:
        """Show something that the user should read, whatever else is shown."""
