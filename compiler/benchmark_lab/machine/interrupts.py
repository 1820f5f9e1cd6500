"""Handles signals during a run: the first signal interrupts the run, later signals only explain the cleaning up.

A closed terminal (SIGHUP) is no reason to stop. The run goes on unseen, and `lab status` and `lab cancel` find the run.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupts:
    """Turns the first signal into KeyboardInterrupt, but never inside a shield."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._received = False
        self._raised = False
        self._shields: list[str] = []
        self._terminals: list[int] = []

    @contextmanager
    def handled(self) -> Iterator[None]:
        """Handle signals within the context; the former handlers return afterwards."""
        self._terminals = [stream.fileno() for stream in (sys.__stdout__, sys.__stderr__) if stream and stream.isatty()]
        former = [(number, signal.signal(number, self._on_signal)) for number in SIGNALS]
        if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # `nohup` has dealt with it
            former.append((signal.SIGHUP, signal.signal(signal.SIGHUP, self._on_hangup)))
        try:
            yield
        finally:
            for number, handler in former:
                signal.signal(number, handler)

    @contextmanager
    def shielded(self, doing: str = "stopping what this run started") -> Iterator[None]:
        """Finish what is within the context even if a signal comes; the signal takes effect at the end.

        Args:
            doing: words that tell whoever sends a signal meanwhile what is within the context.
        """
        self._shields.append(doing)
        try:
            yield
        finally:
            self._shields.pop()
        if self._received and not self._raised and not self._shields:
            self._raised = True
            raise KeyboardInterrupt

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        del frame
        if self._received or self._shields:
            doing = self._shields[-1] if self._shields else "ending the tools that run"
            self._say(f"Still {doing}; this takes a few seconds, and a further signal does not shorten it.")
            self._received = True
            return
        self._received = self._raised = True
        self._say(f"Interrupted ({signal.Signals(number).name}): stopping everything and keeping what was measured.")
        raise KeyboardInterrupt

    def _on_hangup(self, number: int, frame: FrameType | None) -> None:
        """Go on without the terminal: output to the terminal goes nowhere, rather than fail."""
        del number, frame
        nowhere = os.open(os.devnull, os.O_WRONLY)
        for descriptor in self._terminals:
            os.dup2(nowhere, descriptor)
        os.close(nowhere)
