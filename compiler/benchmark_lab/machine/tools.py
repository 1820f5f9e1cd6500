"""The one seam between `lab` and other programs, and the error for failures of other programs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from benchmark_lab.diagnostics import LabError


@dataclass(frozen=True, slots=True)
class Completed:
    """The end of a program: the exit status, and what the program printed."""

    status: int
    stdout: str
    stderr: str


class ToolFailedError(LabError):
    """A program or host failed: what was tried, how the program ended, the end of the output, and what to do next."""

    exit_code = 3

    def __init__(self, what: str, *, output: str = "", next_step: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.output = output
        self.next_step = next_step

    def __str__(self) -> str:
        parts = [self.what]
        if self.output:
            parts.append("\n".join(f"  | {line}" for line in self.output.strip().splitlines()[-20:]))
        if self.next_step:
            parts.append(f"help: {self.next_step}")
        return "\n".join(parts)


class ResourcesRemainError(ToolFailedError):
    """Something that a run started could not be stopped; the text says what is left and how to remove the rest."""

    exit_code = 7


class Conversation(Protocol):
    """A program that answers each line with a line."""

    def ask(self, line: str, timeout_s: float) -> str | None:
        """Send the program a line and return the program's answer; None if the program ended or is silent."""

    def close(self) -> None:
        """End the program's input, upon which the program ends, or is ended."""


class Tools(Protocol):
    """The other programs, as `lab` starts them; tests pass a fake."""

    def run(
        self,
        argv: Sequence[str],
        *,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        timeout_s: float = 60,
    ) -> Completed:
        """Run a short command to its end."""

    def stream(
        self, argv: Sequence[str], *, env: Mapping[str, str], cwd: Path, log: Path, on_line: Callable[[str], None]
    ) -> int:
        """Run a long command in a session of its own, write the output to `log`, and return the exit status.

        The command finds the number of a file descriptor in LAB_EVENTS_FD.
        Each line that the command writes there goes to `on_line`.
        If `on_line` raises, or a signal interrupts, the command and everything it started without detaching is ended.
        """

    def converse(self, argv: Sequence[str], *, env: Mapping[str, str], log: Path) -> Conversation:
        """Start a program to talk with, in a session of its own, and write the program's messages to `log`.

        The program ends when `lab` ends.
        """

    def start(self, argv: Sequence[str], *, env: Mapping[str, str], log: Path) -> None:
        """Start a command that goes on without `lab`, in a session of its own, and write the output to `log`."""
