"""Seals a run's files: `SHA256SUMS` has the files' digests, for `sha256sum --check`.

The journal has the digest of `SHA256SUMS`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from benchmark_lab.store.bundles import write_atomically

NAME = "SHA256SUMS"
_UNSEALED = frozenset({NAME, "journal.jsonl"})
"""Names of the files that the list leaves out: the list itself, and the journal, which has the list's digest."""


def seal(folder: Path) -> str:
    """Write the list of the digests of everything in the folder, and return the digest of the list."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    names = {str(path.relative_to(folder)): path for path in files}
    lines = [f"{_digest(path)}  {name}\n" for name, path in names.items() if name not in _UNSEALED]
    write_atomically(folder / NAME, "".join(lines))
    return _digest(folder / NAME)


def broken(folder: Path, sealed: str, names: Iterable[str]) -> list[str]:
    """Return the names of these files that are not as sealed; only the list's name where the list itself is broken."""
    path = folder / NAME
    if not path.is_file() or _digest(path) != sealed:
        return [NAME]
    digests = dict(line.split("  ", 1)[::-1] for line in path.read_text(encoding="utf-8").splitlines())
    return [name for name in names if not (folder / name).is_file() or digests.get(name) != _digest(folder / name)]


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
