"""The journal of a run: what happened, in order, each line checksummed and on disk before the next deed.

The journal is the only truth about a run. `lab` makes `trials.jsonl` and the summary from the journal. To resume a run,
`lab` reads nothing but the journal.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Self

from benchmark_lab.bundle import SCHEMA, schema_problem
from benchmark_lab.machine.lock import LockedError
from benchmark_lab.machine.tools import ToolFailedError

_LINE = re.compile(rb'(\{.*), "sum": "([0-9a-f]{16})"\}\n')
_OWN_KEYS = ("schema", "seq", "at", "event")
_BEFORE_THE_FIRST = "0" * 16


@dataclass(frozen=True, slots=True)
class Entry:
    """One journalled event."""

    sequence: int
    at: str
    event: str
    data: dict[str, object]


@dataclass(frozen=True, slots=True)
class Prefix:
    """The whole part of a journal: the prefix ends before the first line that is torn or was changed."""

    entries: tuple[Entry, ...] = ()
    length: int = 0
    """Length of the prefix in bytes."""
    last_sum: str = _BEFORE_THE_FIRST
    warning: str | None = None
    """Warning on what follows the prefix; None if nothing follows the prefix."""


def _checksum(before: str, body: bytes) -> str:
    """Return the checksum of a line and, through the checksum before, of all lines up to this line."""
    return hashlib.sha256(before.encode() + body).hexdigest()[:16]


def read_journal(path: Path) -> Prefix:
    """Read the valid prefix of a journal; the prefix is empty where there is no file.

    Raises:
        ToolFailedError: if the journal was written with another schema.
    """
    return parse_journal(path.read_bytes() if path.exists() else b"")


def parse_journal(content: bytes) -> Prefix:
    """Return the valid prefix of a journal's content.

    Raises:
        ToolFailedError: if the journal was written with another schema.
    """
    entries: list[Entry] = []
    length, last = 0, _BEFORE_THE_FIRST
    for line in content.splitlines(keepends=True):
        found = _LINE.fullmatch(line)
        if found is None or found[2].decode() != _checksum(last, found[1]):
            break
        fields = json.loads(found[1] + b"}")
        if problem := schema_problem(fields["schema"]):
            raise ToolFailedError(f"the journal was {problem}")
        length, last = length + len(line), found[2].decode()
        data = {key: value for key, value in fields.items() if key not in _OWN_KEYS}
        entries.append(Entry(sequence=fields["seq"], at=fields["at"], event=fields["event"], data=data))
    warning = None
    if rest := len(content) - length:
        warning = (
            f"line {len(entries) + 1} of the journal is torn or was changed: "
            f"the {len(entries)} entries before it count, {rest} bytes do not"
        )
    return Prefix(tuple(entries), length, last, warning)


class Journal:
    """Appends to `journal.jsonl` as the only writer: the journal holds the file's lock."""

    def __init__(
        self,
        path: Path,
        now: Callable[[], str],
        on_entry: Callable[[Entry], None],
        fsync: Callable[[int], None] = os.fsync,
    ) -> None:
        """Go on where the valid prefix ends, and move what follows the prefix to `journal.cut` beside the journal.

        Args:
            path: the path of the file, which may not exist yet.
            now: the function that returns the time that an entry carries.
            on_entry: the function that takes every entry: first the entries that the file has already, then each new
                entry once the entry is on disk.
            fsync: the function that waits until the disk has what was written.

        Raises:
            LockedError: if another `lab` writes the journal.
            ToolFailedError: if the journal was written with another schema.
        """
        self._now, self._on_entry, self._fsync = now, on_entry, fsync
        self._lock = Lock()
        self._failed = False
        self._file = path.open("ab")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self._file.close()
            raise LockedError(f"{path.parent} is being carried out by another `lab`") from error
        prefix = read_journal(path)
        self.warning = prefix.warning
        self._sequence, self._last_sum = len(prefix.entries), prefix.last_sum
        if prefix.warning:
            _set_aside(path, prefix.length)
        _sync_folder(path.parent)
        for entry in prefix.entries:
            on_entry(entry)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def record(self, event: str, **data: object) -> None:
        """Append an event and wait until the disk has it.

        Raises:
            ToolFailedError: the first time that the file cannot be written; then the run only cleans up, unrecorded.
        """
        with self._lock:
            if self._failed:
                return
            at = self._now()
            fields = {"schema": SCHEMA, "seq": self._sequence, "at": at, "event": event, **data}
            body = json.dumps(fields).encode()[:-1]
            total = _checksum(self._last_sum, body)
            try:
                self._file.write(body + f', "sum": "{total}"}}\n'.encode())
                self._file.flush()
                self._fsync(self._file.fileno())
            except OSError as error:
                self._failed = True
                raise ToolFailedError(f"{self._file.name} cannot be written: {error.strerror}") from error
            stored = json.loads(body + b"}")
            self._on_entry(Entry(self._sequence, at, event, {key: stored[key] for key in data}))
            self._sequence, self._last_sum = self._sequence + 1, total


def _set_aside(path: Path, length: int) -> None:
    """Cut the file to this length, and keep the rest beside the file as evidence."""
    with path.open("r+b") as file, path.with_suffix(".cut").open("ab") as cut:
        file.seek(length)
        cut.write(file.read())
        cut.flush()
        os.fsync(cut.fileno())
        file.truncate(length)


def _sync_folder(folder: Path) -> None:
    """Wait until the disk has the names of the files in the folder."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
