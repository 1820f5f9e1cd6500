"""Packs a bundle's files into one archive, named by the files' content, that goes to each host once."""

from __future__ import annotations

import hashlib
import io
import tarfile
from pathlib import Path

from benchmark_lab.store.bundles import LoadedBundle

COMPLETE = ".complete"
"""Name of the archive's last member: a folder without this file was not unpacked whole."""
LEFT_OUT = "playbooks"
"""Name of the folder that the archive leaves out: Ansible sends what a task needs of the folder."""


def name_of(bundle: LoadedBundle) -> str:
    """Return the name of the folder of the bundle's files; the name follows from the files' content."""
    return f"files-{hashlib.sha256((bundle.folder / 'files.json').read_bytes()).hexdigest()[:16]}"


def pack(bundle: LoadedBundle, archive: Path) -> Path:
    """Write the archive of a bundle's files, and return the archive's path."""
    name = name_of(bundle)
    with tarfile.open(archive, "w:gz", compresslevel=1) as tar:
        for path in sorted(bundle.files.iterdir()):
            if path.name != LEFT_OUT:
                tar.add(path, f"{name}/{path.name}", filter=_nobodys)
        tar.addfile(tarfile.TarInfo(f"{name}/{COMPLETE}"), io.BytesIO())
    return archive


def _nobodys(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member
