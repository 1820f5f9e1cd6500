"""The checkout around a run: what its results name as their origin."""

from __future__ import annotations

import os
from pathlib import Path

from benchmark_lab.hosts.inventory import Inventory
from benchmark_lab.hosts.origin import Origin
from benchmark_lab.machine.tools import Tools


def find_origin(root: Path, tools: Tools, inventory: Inventory | None = None) -> Origin:
    """Return where a run of this project comes from: its commit, what was changed since, and the environment."""
    commit = tools.run(["git", "-C", str(root), "rev-parse", "HEAD"])
    changed = tools.run(["git", "-C", str(root), "status", "--porcelain"])
    return Origin(
        project=root,
        git_commit=commit.stdout.strip() if commit.status == 0 else None,
        git_dirty=bool(changed.stdout.strip()) if changed.status == 0 else None,
        environment=dict(os.environ),
        inventory=inventory,
    )
