"""Measures a server's closed-loop throughput as a trial does and with wrk, interleaved, and their ratio."""
# ruff: noqa: INP001, T201, S603  # a program of its own: it runs wrk and prints

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys

from benches.trials import Bench, prepared
from benchmark_lab.apply.trials import server_order
from benchmark_lab.bundle import Load
from benchmark_lab.statistics import ratio

CONNECTIONS = 32
WARMUP_S, WINDOW_S = 2, 5
LOW, HIGH = 0.95, 1.05
FEWEST, MOST = 6, 30
CONFIDENCE = 0.9
EXPERIMENT = f"""\
schema: 1
name: bench
question: Does a trial measure what wrk measures?
target: local
hardware: {{sut: {{cpus: 1}}, load: {{cpus: 1}}}}
matrix: {{implementation: python-django, server: gunicorn-gthread, scenario: 01-lightweight}}
workers: 1
load: {{model: closed, vus: {CONNECTIONS}, warmup: {WARMUP_S}s, window: {WINDOW_S}s}}
rounds: {{max: 1}}
"""


def by_trial(bench: Bench) -> float | None:
    """Requests a second of one trial; None where the server was not its limit."""
    (cell,) = bench.cells
    if not isinstance(cell.load, Load):
        raise TypeError(cell.load)
    (trial,) = bench.run([cell], {cell.id: cell.load})
    if trial.throughput_rps is None or (trial.bottleneck or "").partition("-")[0] != "sut":
        return None
    return trial.throughput_rps


def by_wrk(bench: Bench) -> float:
    """Requests a second of wrk against the same server, started afresh, on the generator's CPUs."""
    hosts, (cell,) = bench.rounds.hosts, bench.cells
    served = hosts.serve(server_order(hosts, cell))
    cpus = ",".join(map(str, hosts.cpus.load))
    for seconds in (WARMUP_S, WINDOW_S):
        command = ["taskset", "-c", cpus, "wrk", "--threads=1", f"--connections={CONNECTIONS}", f"--duration={seconds}"]
        done = subprocess.run(
            [*command, f"http://127.0.0.1:{served.port}/health"], capture_output=True, text=True, check=True
        )
    found = re.search(r"Requests/sec:\s*([\d.]+)", done.stdout)
    if found is None:
        sys.exit(f"wrk printed no rate:\n{done.stdout}{done.stderr}")
    return float(found[1])


def main() -> None:
    """Measure pairs until the interval of the ratio lies within the bounds, or the rounds are spent."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=MOST, help="pairs at most")
    most = parser.parse_args().rounds
    if shutil.which("wrk") is None:
        print("wrk is not installed: `apt-get install wrk`", file=sys.stderr)
        sys.exit(3)
    trials: list[float] = []
    others: list[float] = []
    low = high = middle = 0.0
    with prepared(EXPERIMENT) as bench:
        for number in range(most):
            pair = {measure: measure(bench) for measure in ((by_trial, by_wrk) if number % 2 else (by_wrk, by_trial))}
            ours, other = pair[by_trial], pair[by_wrk]
            if ours is None or other is None:
                print(f"{number + 1:>3}  the server was not the limit", file=sys.stderr, flush=True)
                continue
            trials.append(ours)
            others.append(other)
            print(f"{number + 1:>3}  trial {trials[-1]:,.0f}/s  wrk {others[-1]:,.0f}/s", file=sys.stderr, flush=True)
            if len(trials) >= FEWEST:
                found = ratio.of_pairs(others, trials)
                (low, high), middle = found.interval(CONFIDENCE), found.ratio
                if low > LOW and high < HIGH:
                    break
    print(f"rounds={len(trials)} ratio={middle:.3f} low={low:.3f} high={high:.3f}")


if __name__ == "__main__":
    main()
