"""The journal of a run: what happened, in order, each line checksummed and on disk before the next deed."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from benchmark_lab.bundle import SCHEMA


@dataclass(frozen=True, slots=True)
class Entry:
    """One journalled event."""

    sequence: int
    at: str
    event: str
    data: dict[str, object]


def _checksum(fields: dict[str, object]) -> str:
    return hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()[:16]


class Journal:
    """Appends to `journal.jsonl`; the only writer of the run holds it open."""

    def __init__(self, path: Path, now: Callable[[], str]) -> None:
        self._file = path.open("a", encoding="utf-8")
        self._now = now
        self._sequence = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def record(self, event: str, **data: object) -> None:
        """Append an event and wait until the disk has it."""
        fields: dict[str, object] = {"schema": SCHEMA, "seq": self._sequence, "at": self._now(), "event": event, **data}
        line = json.dumps({**fields, "sum": _checksum(fields)})
        self._file.write(line + "\n")
        self._file.flush()
        os.fsync(self._file.fileno())
        self._sequence += 1


def read_journal(path: Path) -> Iterator[Entry]:
    """The valid prefix of a journal: it ends before the first line that is cut off or doesn't match its checksum."""
    with path.open("rb") as file:
        for line in file:
            if not line.endswith(b"\n"):
                return
            try:
                fields = json.loads(line)
                expected = fields.pop("sum")
            except (ValueError, KeyError, AttributeError, TypeError):
                return
            if expected != _checksum(fields):
                return
            known = {"schema", "seq", "at", "event"}
            data = {key: value for key, value in fields.items() if key not in known}
            yield Entry(sequence=fields["seq"], at=fields["at"], event=fields["event"], data=data)
