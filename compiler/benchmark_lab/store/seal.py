"""Seals a run's files: their digests in `SHA256SUMS`, for `sha256sum --check`, and its own digest in the journal."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from benchmark_lab.store.bundles import write_atomically

NAME = "SHA256SUMS"
_UNSEALED = frozenset({NAME, "journal.jsonl"})
"""The list itself, and what the list's own digest stands in."""


def seal(folder: Path) -> str:
    """Write the digests of everything in the folder; the digest of the list."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    names = {str(path.relative_to(folder)): path for path in files}
    lines = [f"{_digest(path)}  {name}\n" for name, path in names.items() if name not in _UNSEALED]
    write_atomically(folder / NAME, "".join(lines))
    return _digest(folder / NAME)


def broken(folder: Path, sealed: str, names: Iterable[str]) -> list[str]:
    """Which of these files are not as they were sealed; only the list where it is itself broken."""
    path = folder / NAME
    if not path.is_file() or _digest(path) != sealed:
        return [NAME]
    digests = dict(line.split("  ", 1)[::-1] for line in path.read_text(encoding="utf-8").splitlines())
    return [name for name in names if not (folder / name).is_file() or digests.get(name) != _digest(folder / name)]


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
