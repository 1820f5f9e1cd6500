"""Measures how surely a trial is found out whose limit is the generator: at shares of the generator's own rate."""
# ruff: noqa: INP001, T201, S311  # a program of its own, which prints

from __future__ import annotations

import argparse
import random
import sys
from collections import defaultdict

from benches.trials import prepared
from benchmark_lab.loads import open_load

SHARES = (0.5, 0.7, 0.9, 1.1)
EXPERIMENT = """\
schema: 1
name: bench
question: Is the generator's limit found out?
target: local
hardware: {sut: {cpus: 1}, load: {cpus: 1}}
matrix: {implementation: go-fiber, scenario: 01-lightweight}
load: {model: open, rate: 1000, warmup: 1s, window: 3s}
rounds: {max: 1}
"""
BATCH = 4
"""Trials of each share between two calibrations, for a machine's speed changes with what its neighbours do."""
NOISE = "host-noise"
"""A trial from which the hypervisor took CPU time says nothing of the generator, and is done again."""


def main() -> None:
    """Run the trials and print the share that was flagged, at each share of the calibrated rate."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=25, help="trials at each share of the rate")
    trials = parser.parse_args().trials
    flagged: dict[float, list[bool]] = defaultdict(list)
    noisy = 0
    chance = random.Random(1)
    with prepared(EXPERIMENT) as bench:
        (cell,) = bench.cells
        while wanted := [share for share in SHARES for _ in range(min(BATCH, trials - len(flagged[share])))]:
            bench.calibrate()
            calibration = bench.calibrations[cell.id]
            if calibration.generator_rps is None:
                sys.exit("the generator could not be calibrated")
            chance.shuffle(wanted)
            copies = {f"{cell.id}.{number}": share for number, share in enumerate(wanted)}
            bench.calibrations.update(dict.fromkeys(copies, calibration))
            loads = {
                name: open_load(int(calibration.generator_rps * share), warmup_s=1, window_s=3)
                for name, share in copies.items()
            }
            for trial in bench.run([cell.model_copy(update={"id": name}) for name in copies], loads):
                codes = {reason.code for reason in trial.reasons}
                if NOISE in codes:
                    noisy += 1
                else:
                    flagged[copies[trial.cell]].append(
                        bool(codes & {"generator-limited", "late-arrivals", "dropped-iterations"})
                    )
    print(f"done again for the noise of the host: {noisy}")
    for share in SHARES:
        print(f"at {share} of the calibrated rate: {sum(flagged[share])} of {len(flagged[share])} flagged")
    print(" ".join(f"flagged_{share}={sum(flagged[share]) / len(flagged[share]):.2f}" for share in SHARES))


if __name__ == "__main__":
    main()
