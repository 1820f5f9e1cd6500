"""Measures what the scenarios' library costs: a scenario's rate beside the smallest k6 script's, interleaved."""
# ruff: noqa: INP001, S603, T201, TID251  # a program of its own: it runs k6 and prints

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from benches.trials import PROJECT, Bench, prepared
from benchmark_lab.apply.k6_options import k6_load
from benchmark_lab.bundle import Load
from benchmark_lab.statistics import ratio

SCENARIO = PROJECT / "scenarios" / "01-lightweight.js"
SMALLEST = """
import http from 'k6/http';
export const options = { discardResponseBodies: true, systemTags: [] };
export default function () {
  http.get(`${__ENV.BASE_URL}/health`);
}
export function handleSummary({ metrics, state }) {
  const requests = metrics.http_reqs.values.count;
  return { stdout: JSON.stringify({ requests, duration_s: state.testRunDurationMs / 1000 }) };
}
"""
EXPERIMENT = """\
schema: 1
name: bench
question: What does the library cost?
target: local
hardware: {sut: {cpus: 1}, load: {cpus: 1}}
matrix: {implementation: go-fiber, scenario: 01-lightweight}
load: {model: closed, vus: 32, warmup: 1s, window: 3s}
rounds: {max: 1}
"""
LOAD = Load(model="closed", vus=32, warmup_s=3, window_s=3)
CONFIDENCE = 0.9


def rate(bench: Bench, script: Path, options: Path, base_url: str) -> float:
    """Requests a second that k6 sends with a script to a server that answers at once."""
    hosts = bench.rounds.hosts
    cpus = ",".join(map(str, hosts.cpus.load))
    env = {"BASE_URL": base_url, "SEED": "1", "PART": "measure-0", "GOGC": "off", "GOMAXPROCS": "1",
           "GOMEMLIMIT": "6GiB", "PATH": os.environ["PATH"], "K6_NO_USAGE_REPORT": "true"}  # fmt: skip
    argv = ["taskset", "-c", cpus, hosts.k6, "run", "--quiet", "--no-color", "--no-thresholds", "--address="]
    argv += [f"--config={options}", str(script)]
    done = subprocess.run(argv, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"k6 failed:\n{done.stderr}")
    summary = json.loads(done.stdout)
    return float(summary["requests"] / summary["duration_s"])


def main() -> None:
    """Measure pairs, in turn one first and then the other."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=12)
    rounds = parser.parse_args().rounds
    ours: list[float] = []
    smallest: list[float] = []
    with prepared(EXPERIMENT) as bench, tempfile.TemporaryDirectory() as folder:
        script, options = Path(folder) / "smallest.js", Path(folder) / "options.json"
        script.write_text(SMALLEST, encoding="utf-8")
        options.write_text(json.dumps(k6_load(LOAD).warmup), encoding="utf-8")
        build = bench.rounds.hosts.builds["null-server"]
        command = [f"{build}/null-server", "-listen={host}:{port}"]
        served = bench.rounds.hosts.serve({"argv": command, "cwd": build, "env": {}, "helpers": []})
        with bench.rounds.hosts.target(served, 0) as target:
            for number in range(rounds):
                for of in (ours, smallest) if number % 2 else (smallest, ours):
                    of.append(rate(bench, SCENARIO if of is ours else script, options, target.base_url))
                print(f"{number + 1:>3}  library {ours[-1]:,.0f}/s  smallest {smallest[-1]:,.0f}/s", file=sys.stderr)
    found = ratio.of_pairs(smallest, ours)
    low, high = found.interval(CONFIDENCE)
    print(f"rounds={rounds} ratio={found.ratio:.3f} low={low:.3f} high={high:.3f}")


if __name__ == "__main__":
    main()
