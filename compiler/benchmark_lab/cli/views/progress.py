"""Shows a run's progress on standard error: a bar on a terminal, a line for each event elsewhere."""

from __future__ import annotations

import sys
from contextlib import suppress
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from benchmark_lab.records import Trial


class RunProgress:
    """The command line's view of a run (a `machine.progress.Progress`)."""

    def __init__(self) -> None:
        self._console = Console(stderr=True, highlight=False)
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[left]}"),
            console=self._console,
            transient=True,
            disable=not sys.stderr.isatty(),
        )
        self._task = self._bar.add_task("", total=None, left="")

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def phase(self, name: str) -> None:
        """Show that a phase starts."""
        self._bar.update(self._task, description=name.capitalize(), total=None, left="")
        self.say(f"{name.capitalize()} …")

    def step(self, text: str) -> None:
        """Show that something within the phase starts."""
        self._bar.update(self._task, description=text)
        if self._bar.disable:
            self.say(f"  {text}")

    def trial(self, done: int, total: int, trial: Trial, seconds_left: float) -> None:
        """Show that trial `done` of at most `total` ended."""
        left = f"about {minutes(seconds_left)} left" if done < total else ""
        self._bar.update(self._task, description=f"Trial {done} of {total}", completed=done, total=total, left=left)
        why = f": {'; '.join(reason.evidence for reason in trial.reasons)}" if trial.reasons else ""
        self.say(
            f"  {done:>3}/{total}  {trial.cell}  {trial.verdict}{why}"
            + (f"  ({left})" if self._bar.disable and left else "")
        )

    def say(self, text: str) -> None:
        """Show something that the user should read, whatever else is shown."""
        with suppress(OSError):  # nobody may read any more, and the run goes on
            self._console.print(text, markup=False, soft_wrap=True)


def minutes(seconds: float) -> str:
    """Return a duration for people: `40 s`, `3 min`, `1 h 5 min`."""
    if seconds < 90:  # noqa: PLR2004  from here on seconds say nothing
        return f"{seconds:.0f} s"
    whole = round(seconds / 60)
    return f"{whole} min" if whole < 60 else f"{whole // 60} h {whole % 60} min"  # noqa: PLR2004  minutes an hour
