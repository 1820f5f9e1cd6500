"""Where a run comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmark_lab.hosts.inventory import Inventory


@dataclass(frozen=True, slots=True)
class Caller:
    """Where a run comes from: what only the caller can know."""

    project: Path
    git_commit: str | None
    git_dirty: bool | None
    environment: Mapping[str, str]
    inventory: Inventory | None = None
    """The hosts that the user listed."""
