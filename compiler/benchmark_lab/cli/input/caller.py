"""The checkout around a run, which the run's results name as their origin."""

from __future__ import annotations

import os
from pathlib import Path

from benchmark_lab.hosts.caller import Caller
from benchmark_lab.hosts.inventory import Inventory
from benchmark_lab.machine.tools import Tools


def find_caller(root: Path, tools: Tools, inventory: Inventory | None = None) -> Caller:
    """Return the origin of a run of this project: the commit, whether anything changed since, and the environment."""
    commit = tools.run(["git", "-C", str(root), "rev-parse", "HEAD"])
    changed = tools.run(["git", "-C", str(root), "status", "--porcelain"])
    return Caller(
        project=root,
        git_commit=commit.stdout.strip() if commit.status == 0 else None,
        git_dirty=bool(changed.stdout.strip()) if changed.status == 0 else None,
        environment=dict(os.environ),
        inventory=inventory,
    )
