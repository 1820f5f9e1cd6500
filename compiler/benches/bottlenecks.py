"""Measures how often the limit that was put into a trial is the one that its verdict names."""
# ruff: noqa: INP001, T201, S311  # a program of its own, which prints

from __future__ import annotations

import argparse
import random
from collections.abc import Mapping

from benches.harm import Stage
from benches.scenes import SCENES, Scene, closed
from benches.trials import Subject, experiment_of, prepared
from benchmark_lab.records import Bottleneck

BURNING = Scene("cpu-burn", Subject("python-fastapi", "uvicorn", "06-middleware-chain", 1, {"depth": 20}), closed(32))
NAMED: Mapping[str, Bottleneck] = {
    "cpu-burn": "sut-cpu",
    "limited-by-pool": "pool",
    "limited-by-db-slow": "db",
    "limited-by-db-locks": "db",
    "limited-by-upstream": "upstream",
    "blocked-worker": "sut-slots",
    "limited-by-sut-slots": "sut-slots",
    "generator-limited": "generator",
}
"""By scene, what must be named: CPU burnt, a pool of 1, slow statements, a row that all update, a slow upstream, a
worker that stands still, workers of one thread, a generator that is slower than the server."""
THRESHOLDS = "{generator_cpus_busy: 100%}"
"""Of two CPUs the database has the generator's."""


def main() -> None:
    """Run the trials in a shuffled order and print how many were named right."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=20, help="trials in all, shared out among the bottlenecks")
    count = parser.parse_args().trials
    scenes = [scene for scene in (BURNING, *SCENES) if scene.name in NAMED]
    order = [scenes[number % len(scenes)] for number in range(count)]
    random.Random(1).shuffle(order)
    right = 0
    with prepared(experiment_of([scene.subject for scene in scenes], thresholds=THRESHOLDS)) as bench:
        bench.calibrate([scene.cell(bench.cells) for scene in scenes])
        for scene in order:
            cell, named = scene.changed(scene.cell(bench.cells)), NAMED[scene.name]
            with scene.played(Stage(bench)):
                (trial,) = bench.run([cell], {cell.id: scene.load})
            right += trial.bottleneck == named
            print(f"{scene.name}: {trial.bottleneck} ({trial.bottleneck_evidence}), should be {named}", flush=True)
    print(f"named={right}/{count}")


if __name__ == "__main__":
    main()
