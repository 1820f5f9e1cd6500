"""What the checks found: as data, and as the lines that people read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from benchmark_lab.bundle import Part, StoredFile

Depth = Literal["gate", "full"]
ResultStatus = Literal["passed", "failed", "skipped"]

_DETAILED_FAILURES = 5


class MismatchError(Exception):
    """The server departs from the specification: what was expected, what came, and after which request."""

    def __init__(self, expected: str, got: str, sent: str | None = None) -> None:
        super().__init__(f"expected {expected}, got {got}")
        self.expected = expected
        self.got = got
        self.sent = sent


class NotVisibleError(Exception):
    """What the check looks for cannot be seen here, through no fault of the server."""


class Result(Part):
    """The outcome of one check; `check` is the identifier of its line in behaviour.md."""

    check: str
    status: ResultStatus
    seconds: float
    sent: str | None = None
    expected: str | None = None
    got: str | None = None
    reason: str | None = None
    """Why the check was skipped."""


class Report(StoredFile):
    """Everything that one run of the checks found."""

    base_url: str
    depth: Depth
    seed: int
    """Draws the same inputs again."""
    seconds: float
    ok: bool
    results: tuple[Result, ...]

    def count(self, status: ResultStatus) -> int:
        """The number of checks with this outcome."""
        return sum(result.status == status for result in self.results)

    def lines(self) -> Iterator[str]:
        """One screen: a verdict, the first failures with their evidence, and what was left unproven."""
        failed = [result for result in self.results if result.status == "failed"]
        yield (
            f"{self.base_url} {'conforms' if self.ok else 'does not conform'} to spec/behaviour.md: "
            f"{self.count('passed')} passed, {len(failed)} failed, {self.count('skipped')} skipped "
            f"in {self.seconds:.1f} s (depth {self.depth}, seed {self.seed})."
        )
        for result in failed[:_DETAILED_FAILURES]:
            yield f"failed   {result.check}"
            yield from (
                f"  {label:<8} {text}"
                for label, text in (("sent", result.sent), ("expected", result.expected), ("got", result.got))
                if text
            )
        if rest := [result.check for result in failed[_DETAILED_FAILURES:]]:
            yield f"failed   {', '.join(rest)}"
        for reason in dict.fromkeys(result.reason for result in self.results if result.status == "skipped"):
            names = ", ".join(result.check for result in self.results if result.reason == reason)
            yield f"skipped  {names}: {reason}"
