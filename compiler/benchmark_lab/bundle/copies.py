"""The file `files.json`, with the project's files that `lab apply` needs; and the bundle before it is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from benchmark_lab.bundle.file import Part, StoredFile


class CopiedFile(Part):
    """One tracked file that `lab apply` needs, copied to `files/<path>`."""

    path: str
    sha256: str


class CopiedFiles(StoredFile):
    """`files.json`: the list of the copies."""

    files: tuple[CopiedFile, ...]


@dataclass(frozen=True, slots=True)
class Bundle:
    """A compiled experiment, not yet written: `files` by path, and the tracked `copies` that go below `files/`."""

    files: Mapping[str, str]
    copies: tuple[str, ...]
    """Paths of the project's files and folders to copy, relative to the project's root."""
