"""How the module `database` runs pgbench."""

import os
from pathlib import Path

import pytest
from ansible.module_utils import lab_database


class Recording:
    """A cluster that remembers what it was to run, and prints a rate as pgbench does."""

    home = Path("/state/database")

    def __init__(self) -> None:
        self.arguments: tuple[str, ...] = ()

    def run(self, *arguments: str) -> str:
        self.arguments = arguments
        return "latency average = 0.5 ms\ntps = 1234.5 (without initial connection time)"


@pytest.mark.parametrize("connections", [1, 4096])
def test_pgbench_has_a_thread_for_each_cpu_and_at_least_as_many_connections(
    connections: int,
) -> None:
    cluster, cpus = Recording(), len(os.sched_getaffinity(0))
    benchmark = {"variables": {"page_size": 20}, "connections": connections}
    assert lab_database.pgbench(cluster, 5432, Path("read.sql"), benchmark) == 1234.5
    assert cluster.arguments[0] == "pgbench"
    assert {f"--jobs={cpus}", f"--client={max(connections, cpus)}", "--define=page_size=20"} <= {*cluster.arguments}
