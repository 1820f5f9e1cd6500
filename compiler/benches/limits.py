"""Measures how often the limit that was put into a trial is the one that its verdict names."""
# ruff: noqa: INP001, T201, S311  # a program of its own, which prints

from __future__ import annotations

import argparse
import random
from dataclasses import dataclass

from benches.trials import prepared
from benchmark_lab.bundle import Cell, Load, Scalar

VUS = 32
TIMING = {"warmup_s": 2, "measure_s": 4}


@dataclass(frozen=True)
class Bottleneck:
    """One way to limit a server: what to run, and what must be named."""

    name: str
    implementation: str
    server: str
    scenario: str
    parameters: dict[str, Scalar]
    named: str
    workers: int = 1

    def is_of(self, cell: Cell) -> bool:
        """Whether a cell has this bottleneck."""
        own = (self.implementation, self.server, self.scenario, self.workers)
        return own == (cell.implementation, cell.server, cell.scenario, cell.workers) and all(
            cell.parameters[name] == value for name, value in self.parameters.items()
        )


BOTTLENECKS = (
    Bottleneck("CPU burn", "python-fastapi", "uvicorn", "06-middleware-chain", {"depth": 20}, "sut-cpu"),
    Bottleneck("pool of 1", "go-fiber", "fiber", "03-db-read", {"pool_size": 1}, "pool"),
    Bottleneck("slow database", "go-fiber", "fiber", "04-db-write", {"hot_rows": 1, "update_share": 1}, "db"),
    Bottleneck("slow upstream", "go-fiber", "fiber", "05-external-api", {"latency_ms": 200}, "upstream"),
    Bottleneck("blocked workers", "python-flask", "gunicorn", "05-external-api", {"latency_ms": 100}, "sut-slots", 2),
    Bottleneck("choked generator", "go-fiber", "fiber", "01-lightweight", {}, "generator"),
)


def experiment() -> str:
    """The experiment whose cells are the bottlenecks."""
    entries = []
    for one in BOTTLENECKS:
        values = {"implementation": one.implementation, "server": one.server, "workers": one.workers}
        parts = {**values, "scenario": one.scenario, **one.parameters}
        entries.append("{" + ", ".join(f"{name}: {value}" for name, value in parts.items()) + "}")
    first = BOTTLENECKS[-1]
    return f"""\
version: 1
name: bench
question: Is the limit named?
target: local
hardware: {{sut: {{cpus: 1}}, load: {{cpus: 1}}}}
workers: 1
matrix:
  implementation: {first.implementation}
  scenario: {first.scenario}
  include: [{", ".join(entries[:-1])}]
load: {{model: closed, vus: {VUS}}}
rounds: {{max: 1}}
limits: {{generator_cpus_busy: 100%}} # of two CPUs the database has the generator's
"""


def main() -> None:
    """Run the trials in a shuffled order and print how many were named right."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=20, help="trials in all, shared out among the bottlenecks")
    count = parser.parse_args().trials
    order = [BOTTLENECKS[number % len(BOTTLENECKS)] for number in range(count)]
    random.Random(1).shuffle(order)
    right = 0
    load = Load(model="closed", vus=VUS, **TIMING)
    with prepared(experiment()) as bench:
        bench.calibrate()
        for one in order:
            cell = next(cell for cell in bench.cells if one.is_of(cell))
            (trial,) = bench.run([cell], {cell.id: load})
            right += trial.limited_by == one.named
            print(f"{one.name}: {trial.limited_by} ({trial.limited_by_evidence}), should be {one.named}", flush=True)
    print(f"named={right}/{count}")


if __name__ == "__main__":
    main()
