"""Signals during a run: the first one interrupts it, later ones only explain what is still being cleaned up."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupts:
    """Turns the first signal into KeyboardInterrupt, but never inside a shield."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._received = False
        self._raised = False
        self._shields = 0

    @contextmanager
    def handled(self) -> Iterator[None]:
        """Handle signals within; the former handlers return afterwards."""
        former = [(number, signal.signal(number, self._on_signal)) for number in SIGNALS]
        try:
            yield
        finally:
            for number, handler in former:
                signal.signal(number, handler)

    @contextmanager
    def shielded(self) -> Iterator[None]:
        """Finish what is within even if a signal comes; it takes effect at the end."""
        self._shields += 1
        try:
            yield
        finally:
            self._shields -= 1
        if self._received and not self._raised and not self._shields:
            self._raised = True
            raise KeyboardInterrupt

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        del frame
        if self._received or self._shields:
            self._say("Still stopping what this run started and writing its record; this takes a few seconds.")
            self._received = True
            return
        self._received = self._raised = True
        self._say(f"Interrupted ({signal.Signals(number).name}): stopping everything and keeping what was measured.")
        raise KeyboardInterrupt
