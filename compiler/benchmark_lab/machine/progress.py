"""What a run tells whoever watches it; the command line renders it."""

from __future__ import annotations

from typing import Protocol

from benchmark_lab.records import Trial


class Progress(Protocol):
    """Receives a run's progress; must not raise."""

    def phase(self, name: str) -> None:
        """A phase starts."""

    def step(self, text: str) -> None:
        """Something within the phase starts."""

    def trial(self, done: int, total: int, trial: Trial, seconds_left: float) -> None:
        """Trial `done` of at most `total` ended."""

    def say(self, text: str) -> None:
        """Something the user should read, whatever else is shown."""
