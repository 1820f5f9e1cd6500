"""Measures what a trial costs beside its warm-up and window: here, over SSH, and as an older revision did."""
# ruff: noqa: INP001, S603, S607, T201, TID251  # a program of its own: it runs lab and git, and prints

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PROJECT = Path(__file__).parents[2]
OLD = "ef0522a"
"""The last revision whose trials were tasks of a playbook a round."""
EXPERIMENT = """\
schema: 1
name: trial-cost
question: What does a trial cost beside its warm-up and window?
target: local
hardware: {sut: {cpus: 1}, load: {cpus: 1}}
matrix: {implementation: [python-fastapi, go-fiber], scenario: [03-db-read]}
load: {model: open, rate: 400, warmup: 2s, window: 3s}
rounds: {max: 6}
baseline: {implementation: python-fastapi}
"""
"""Quickstart's cells, with short windows: they are left out of the figure."""
NO_VALID_RESULT = 4


@contextmanager
def worktree(revision: str) -> Iterator[Path]:
    """A checkout of a revision with its command installed."""
    with tempfile.TemporaryDirectory(prefix="benchmark-lab-bench-") as scratch:
        folder = Path(scratch) / "old"
        git = ["git", "-C", str(PROJECT), "worktree"]
        subprocess.run([*git, "add", "--quiet", "--detach", str(folder), revision], check=True)
        try:
            subprocess.run(["make", "--silent", "-C", str(folder), "setup"], check=True)
            yield folder
        finally:
            subprocess.run([*git, "remove", "--force", str(folder)], check=True)


def cost_s(project: Path, rounds: int, *options: str) -> float:
    """Seconds a trial beside warm-up and window, in one run of the experiment by a checkout's own `lab`."""
    with tempfile.TemporaryDirectory(prefix="benchmark-lab-bench-") as scratch:
        file = Path(scratch) / "trial-cost.yaml"
        file.write_text(EXPERIMENT, encoding="utf-8")
        before = {*project.glob("results/*/trial-cost-*")}
        done = subprocess.run(
            [project / ".venv/bin/lab", "apply", str(file), f"--rounds={rounds}", "--yes", *options],
            cwd=project,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode not in {
            0,
            NO_VALID_RESULT,
        }:  # of a busy machine no trial may be valid, but it costs the same
            sys.exit(f"lab ended with status {done.returncode}:\n{done.stderr}")
        (folder,) = {*project.glob("results/*/trial-cost-*")} - before
        summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
        shutil.rmtree(folder)
    return float(summary["overhead_per_trial_s"])


def main() -> None:
    """Run the three in turn, forwards and backwards."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3, help="runs of each")
    parser.add_argument("--rounds", type=int, default=2, help="rounds of a run, of two trials each")
    parser.add_argument(
        "--without-ssh", action="store_true", help="leave out the hosts of this machine, which take root"
    )
    asked = parser.parse_args()
    if os.getuid() and not asked.without_ssh:
        sys.exit("making hosts on this machine needs root: `--without-ssh` leaves them out")
    with worktree(OLD) as old:
        kinds = {"local": (PROJECT,), "ssh": (PROJECT, "--target=testbed"), "old_local": (old,)}
        if asked.without_ssh:
            del kinds["ssh"]
        found: dict[str, list[float]] = {name: [] for name in kinds}
        for number in range(asked.repeats):
            for name in [*kinds][:: -1 if number % 2 else 1]:
                project, *options = kinds[name]
                found[name].append(cost_s(Path(project), asked.rounds, *map(str, options)))
                print(f"{number + 1:>3}  {name} {found[name][-1]:.2f} s", file=sys.stderr, flush=True)
    print(" ".join(f"{name}={statistics.median(costs):.2f}" for name, costs in found.items()) + " s")


if __name__ == "__main__":
    main()
