"""Writes bundles and results to disk, whole or not at all, and reads both back with their schema checked."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TypeVar

from pydantic import ValidationError

from benchmark_lab.bundle import (
    Bundle,
    Cells,
    CopiedFile,
    CopiedFiles,
    Experiment,
    Schedule,
    StoredFile,
    TerraformVariables,
)
from benchmark_lab.machine.tools import ToolFailedError, Tools


@dataclass(frozen=True, slots=True)
class LoadedBundle:
    """A bundle read back from its folder."""

    folder: Path
    experiment: Experiment
    cells: Cells
    schedule: Schedule

    @property
    def files(self) -> Path:
        """Return the folder of the copied sources."""
        return self.folder / "files"

    @property
    def digest(self) -> str:
        """Return the digest of everything in the bundle: of its files, and of the list of its copies' digests."""
        total = hashlib.sha256()
        for path in sorted(path for path in self.folder.rglob("*") if path.is_file()):
            if not path.is_relative_to(self.files):
                total.update(f"{path.relative_to(self.folder)}\0".encode() + hashlib.sha256(path.read_bytes()).digest())
        return total.hexdigest()


def write_atomically(path: Path, text: str) -> None:
    """Replace a file so that a reader, or a crash, sees the old content or the new one."""
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, delete=False) as partial:
        partial.write(text)
        partial.flush()
        os.fsync(partial.fileno())
    Path(partial.name).chmod(0o644)
    Path(partial.name).replace(path)


def tracked_files(root: Path, folders: Iterable[str], tools: Tools) -> list[str]:
    """Return the project's files below `folders` that git tracks or would track, sorted; ignored files are left out."""
    done = tools.run(
        ["git", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *folders]
    )
    if done.status != 0:
        raise ToolFailedError(
            f"the files of {root} cannot be listed",
            output=done.stderr,
            next_step="`lab` copies what git tracks: work in a git checkout of the project",
        )
    return sorted({path for path in done.stdout.split("\0") if path and (root / path).is_file()})


def write_bundle(bundle: Bundle, root: Path, out: Path, tools: Tools) -> None:
    """Write a bundle to the folder `out`, with copies of project files; the folder appears whole or not at all."""
    paths = tracked_files(root, bundle.copies, tools)
    with _replacing(out) as partial:
        for name, text in bundle.files.items():
            _write(partial / name, text.encode())
        copied = []
        for path in paths:
            content = (root / path).read_bytes()
            copied.append(CopiedFile(path=path, sha256=hashlib.sha256(content).hexdigest()))
            target = _write(partial / "files" / path, content)
            target.chmod((root / path).stat().st_mode & 0o777)
        _write(partial / "files.json", (CopiedFiles(files=tuple(copied)).model_dump_json(indent=1) + "\n").encode())


def _write(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


@contextmanager
def _replacing(out: Path) -> Iterator[Path]:
    """Yield a new folder that takes the place of `out` at the end."""
    if out.exists() and not (out / "experiment.json").exists() and any(out.iterdir()):
        raise ToolFailedError(f"{out} exists and holds no bundle", next_step="choose another folder with --out")
    out.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
    try:
        yield partial
        partial.chmod(0o755)
        if out.exists():
            shutil.rmtree(out)
        partial.replace(out)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


Stored = TypeVar("Stored", bound=StoredFile)


def read_stored(path: Path, model: type[Stored]) -> Stored:
    """Read a stored JSON file, with a clear error where the file is missing, broken or of another schema."""
    try:
        return model.model_validate_json(path.read_bytes())
    except FileNotFoundError as error:
        raise ToolFailedError(f"{path} is missing") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ToolFailedError(f"{path} cannot be read: {where + ': ' if where else ''}{first['msg']}") from error


def read_bundle(folder: Path) -> LoadedBundle:
    """Read a bundle and check its copies against their list.

    Raises:
        ToolFailedError: if a file is missing, unreadable, or differs from its digest.
    """
    bundle = LoadedBundle(
        folder=folder,
        experiment=read_stored(folder / "experiment.json", Experiment),
        cells=read_stored(folder / "cells.json", Cells),
        schedule=read_stored(folder / "schedule.json", Schedule),
    )
    for file in read_stored(folder / "files.json", CopiedFiles).files:
        if ".." in PurePosixPath(file.path).parts:
            raise ToolFailedError(f"{folder / 'files.json'} names a file outside the bundle: {file.path}")
        path = bundle.files / file.path
        if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != file.sha256:
            raise ToolFailedError(
                f"{path} is missing or was changed after the bundle was compiled",
                next_step="compile the experiment again",
            )
    return bundle


def read_variables(bundle: Path) -> TerraformVariables:
    """Read what the compiler knew of the hosts that a bundle rents."""
    return TerraformVariables.model_validate_json((bundle / "terraform.tfvars.json").read_bytes())


def worst_case_usd(bundle: Path) -> float:
    """Return the cost in US dollars of hosts rented for as long as a bundle allows; 0 if the bundle rents no hosts."""
    prices = read_stored(bundle / "experiment.json", Experiment).hosts.usd_per_hour
    return sum(prices.values()) * read_variables(bundle).hours if prices else 0.0
