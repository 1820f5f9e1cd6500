"""Measures how surely a trial is found out whose limit is the generator: at shares of the generator's own rate."""
# ruff: noqa: INP001, T201, S311  # a program of its own, which prints

from __future__ import annotations

import argparse
import random
import sys
from collections import defaultdict

from benches.trials import prepared
from benchmark_lab.generator import open_load

SHARES = (0.5, 0.7, 0.9, 1.1)
EXPERIMENT = """\
version: 1
name: bench
question: Is the generator's limit found out?
target: local
hardware: {sut: {cpus: 1}, load: {cpus: 1}}
matrix: {implementation: go-fiber, scenario: 01-lightweight}
load: {model: closed, vus: 32, warmup: 1s, measure: 3s}
rounds: {max: 1}
"""
BATCH = 4
"""Trials of each share between two calibrations, for a machine's speed changes with what its neighbours do."""


def main() -> None:
    """Run the trials and print the share that was flagged, at each share of the calibrated rate."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=25, help="trials at each share of the rate")
    trials = parser.parse_args().trials
    flagged: dict[float, list[bool]] = defaultdict(list)
    chance = random.Random(1)
    with prepared(EXPERIMENT) as bench:
        (cell,) = bench.cells
        while len(flagged[SHARES[0]]) < trials:
            bench.calibrate()
            rate = bench.calibrations[cell.id].generator_rps
            if rate is None:
                sys.exit("the generator could not be calibrated")
            wanted = min(BATCH, trials - len(flagged[SHARES[0]]))
            order = [share for share in SHARES for _ in range(wanted)]
            chance.shuffle(order)
            for share in order:
                load = open_load(int(rate * share), warmup_s=1, measure_s=3)
                (trial,) = bench.run([cell], {cell.id: load})
                codes = {reason.code for reason in trial.reasons}
                flagged[share].append("generator-limited" in codes or "dropped-load" in codes)
    for share in SHARES:
        print(f"at {share} of the calibrated rate: {sum(flagged[share])} of {len(flagged[share])} flagged")
    print(" ".join(f"flagged_{share}={sum(flagged[share]) / len(flagged[share]):.2f}" for share in SHARES))


if __name__ == "__main__":
    main()
