"""The origin of a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmark_lab.hosts.inventory import Inventory


@dataclass(frozen=True, slots=True)
class Caller:
    """The origin of a run: what only the caller can know."""

    project: Path
    git_commit: str | None
    git_dirty: bool | None
    environment: Mapping[str, str]
    inventory: Inventory | None = None
    """Inventory of the hosts that the user listed."""
