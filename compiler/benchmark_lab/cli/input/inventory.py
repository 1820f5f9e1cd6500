"""Reads the inventory file that somebody names, and shows the file's mistakes in their place."""

from __future__ import annotations

from pathlib import Path

from benchmark_lab.diagnostics import Code, Diagnostic, raise_all
from benchmark_lab.hosts.inventory import Inventory
from benchmark_lab.source import decode, parse, read


def read_inventory(file: Path) -> Inventory:
    """Read an inventory file; paths in the file are relative to the file.

    Raises:
        InvalidExperimentError: with everything that is wrong with the file.
    """
    document = parse(file.as_posix(), decode(file.as_posix(), file.read_bytes()))
    inventory, problems = read(document, Inventory)
    raise_all(problems)
    assert inventory is not None  # noqa: S101  without a problem there is one
    paths = {}
    for key in ("key", "known_hosts"):
        written = getattr(inventory.ssh, key)
        if written is None:
            continue
        paths[key] = str(path := (file.parent / Path(written).expanduser()).absolute())
        if not path.is_file():
            span = document.span(("ssh", key))
            raise_all([Diagnostic(Code.UNKNOWN_NAME, f"`{key}`: there is no file {path}", span)])
    return inventory.model_copy(update={"ssh": inventory.ssh.model_copy(update=paths)})
