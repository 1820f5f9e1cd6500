"""Measures how often the limit that was put into a trial is the one that its verdict names."""
# ruff: noqa: INP001, T201, S311  # a program of its own, which prints

from __future__ import annotations

import argparse
import random
from dataclasses import dataclass

from benches.trials import Subject, experiment_of, prepared
from benchmark_lab.bundle import Load

LOAD = Load(model="closed", vus=32, warmup_s=2, measure_s=4)


@dataclass(frozen=True)
class Bottleneck:
    """One way to limit a server: what to run, and what must be named."""

    name: str
    subject: Subject
    named: str


BOTTLENECKS = (
    Bottleneck("CPU burn", Subject("python-fastapi", "uvicorn", "06-middleware-chain", 1, {"depth": 20}), "sut-cpu"),
    Bottleneck("pool of 1", Subject("go-fiber", "fiber", "03-db-read", 1, {"pool_size": 1}), "pool"),
    Bottleneck(
        "slow database", Subject("go-fiber", "fiber", "04-db-write", 1, {"hot_rows": 1, "update_share": 1}), "db"
    ),
    Bottleneck("slow upstream", Subject("go-fiber", "fiber", "05-external-api", 1, {"latency_ms": 200}), "upstream"),
    Bottleneck(
        "blocked workers", Subject("python-flask", "gunicorn", "05-external-api", 2, {"latency_ms": 100}), "sut-slots"
    ),
    Bottleneck("choked generator", Subject("go-fiber", "fiber", "01-lightweight"), "generator"),
)
LIMITS = "{generator_cpus_busy: 100%}"
"""Of two CPUs the database has the generator's."""


def main() -> None:
    """Run the trials in a shuffled order and print how many were named right."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=20, help="trials in all, shared out among the bottlenecks")
    count = parser.parse_args().trials
    order = [BOTTLENECKS[number % len(BOTTLENECKS)] for number in range(count)]
    random.Random(1).shuffle(order)
    right = 0
    experiment = experiment_of([one.subject for one in BOTTLENECKS], limits=LIMITS)
    with prepared(experiment) as bench:
        bench.calibrate()
        for one in order:
            cell = one.subject.among(bench.cells)
            (trial,) = bench.run([cell], {cell.id: LOAD})
            right += trial.limited_by == one.named
            print(f"{one.name}: {trial.limited_by} ({trial.limited_by_evidence}), should be {one.named}", flush=True)
    print(f"named={right}/{count}")


if __name__ == "__main__":
    main()
