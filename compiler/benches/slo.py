"""Measures how near the search for the highest rate comes to the true one of servers that are M/M/c queues."""
# ruff: noqa: INP001, S311, S603, S607, T201, TID251  # a program of its own: it draws queues, builds their server and prints

from __future__ import annotations

import argparse
import os
import random
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from math import log, sqrt
from pathlib import Path

from benches.trials import Bench, prepared
from benchmark_lab.bundle import Cell, Load
from benchmark_lab.records import SearchResult, Trial
from benchmark_lab.search.probing import find_highest_rates
from tests.search.queueing import Queue

PROGRAM = Path(__file__).with_name("queue")
OBJECTIVE_P99_S = 0.05
STRICTNESS = (1.15, 2.0)
"""How many times the p99 of an idle queue is allowed: from where few requests wait to where nearly all do."""
CAPACITIES_PER_S = (1_800, 2_200)
TOLERANCE = 0.1
EXPERIMENT = f"""\
schema: 1
name: bench
question: Does the search find the highest rate that keeps an objective?
target: local
hardware: {{sut: {{cpus: 1}}, load: {{cpus: 1}}}}
matrix: {{implementation: go-fiber, scenario: 01-lightweight}}
load: {{model: slo-search, objective: "p99 < {OBJECTIVE_P99_S:g}s", arrivals: poisson, warmup: 1s, window: 5s}}
rounds: {{max: 1}}
"""


@dataclass(slots=True)
class Queues:
    """Queues that take the place of an implementation, each a cell of its own."""

    bench: Bench
    queues: Mapping[str, Queue]
    """By cell id."""
    _starts: count[int]

    def probe(self, loads: Mapping[str, Load]) -> dict[str, Trial]:
        """A trial of each queue under its load."""
        trials = self.bench.run([self._cell(name) for name in sorted(loads)], loads)
        return {trial.cell: trial for trial in trials}

    def _cell(self, name: str) -> Cell:
        """The cell of a queue, with service times that no start had before."""
        queue = self.queues[name]
        command = (
            "{build}/queue",
            "-listen={host}:{port}",
            f"-servers={queue.servers}",
            f"-mean-service={1e9 / queue.service_rate:.0f}ns",
            f"-seed={next(self._starts)}",
        )
        changes = {"id": name, "implementation": "queue", "command": command, "env": {}}
        return self.bench.cells[0].model_copy(update=changes)


def drawn(chance: random.Random) -> Queue:
    """A queue that can just keep the objective."""
    service_rate = chance.uniform(*STRICTNESS) * log(100) / OBJECTIVE_P99_S
    return Queue(round(chance.uniform(*CAPACITIES_PER_S) / service_rate), service_rate)


def middle(found: SearchResult) -> float:
    """The best single figure of a search: the middle of its bracket on the log scale, or the bound that it found."""
    kept = found.last_pass_rps or 0
    return sqrt(kept * (found.first_fail_rps or kept))


def search(queues: Mapping[str, Queue]) -> dict[str, SearchResult]:
    """What the search finds of each queue, by its name."""
    with tempfile.TemporaryDirectory() as folder, prepared(EXPERIMENT) as bench:
        subprocess.run(["go", "build", "-C", PROGRAM, "-o", folder], env=os.environ | {"CGO_ENABLED": "0"}, check=True)
        bench.rounds.hosts.builds["queue"] = folder
        probe = Queues(bench, queues, count(1)).probe
        maxima = {name: queue.capacity for name, queue in queues.items()}
        return find_highest_rates(maxima, bench.bundle.experiment.load, probe)


def main() -> None:
    """Search, and print how far each found rate is from the true one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--searches", type=int, default=10, help="queues whose rate is searched for")
    parser.add_argument("--seed", type=int, default=1, help="what the queues are drawn from")
    arguments = parser.parse_args()
    chance = random.Random(arguments.seed)
    queues = {f"queue-{number}": drawn(chance) for number in range(arguments.searches)}
    found = search(queues)
    errors = []
    for name, queue in queues.items():
        result, true = found[name], queue.rate_for(0.99, OBJECTIVE_P99_S)
        errors.append(middle(result) / true - 1)
        print(
            f"{name}: {queue.servers} servers of {1000 / queue.service_rate:.2f} ms, true {true:,.0f}/s, "
            f"found {middle(result):,.0f}/s ({errors[-1]:+.1%}), {result.probes} probes, {result.end}"
        )
    within = sum(abs(error) <= TOLERANCE for error in errors)
    print(f"within_10_percent={within}/{len(errors)} most_probes={max(result.probes for result in found.values())}")


if __name__ == "__main__":
    main()
