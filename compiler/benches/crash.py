"""Kills real runs with SIGKILL, each at another journal entry, resumes them, and counts what was lost or repeated.

Needs what `lab apply` on target `local` needs; takes some minutes. The last line is `completed=20/20 lost=0 twice=0`.
"""
# ruff: noqa: INP001, T201, TID251, S603  a program of its own, which prints, reads files and starts `lab`

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random

from benchmark_lab.store.journal import Entry, read_journal

PROJECT = Path(__file__).parents[2]
EXPERIMENT = """
schema: 1
name: crash
question: Does a run survive being killed?
target: local
hardware: {sut: {cpus: 1}, load: {cpus: 1}}
matrix: {implementation: [go-fiber], scenario: [01-lightweight]}
load: {model: open, rate: 100, warmup: 1s, window: 1s}
thresholds: {generator_cpus_busy: 100%}
rounds: {min: 3, max: 3}
"""
TRIALS = ["r0.p0", "r1.p0", "r2.p0"]
CRASHES = 20
SEED = 20261122
PATIENCE_S = 900
"""For one run: the first on a machine builds k6."""


@dataclass(frozen=True, slots=True)
class Crash:
    """What became of one run that was killed and resumed."""

    killed_at: str
    completed: bool
    lost: int
    """Trials that the journal had when the run was killed, and that changed or are gone."""
    twice: int
    """Trials that the journal has more than once."""


def lab(*arguments: str) -> subprocess.Popen[str]:
    """Start the command in this project."""
    argv = [sys.executable, "-m", "benchmark_lab", *arguments]
    return subprocess.Popen(argv, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def kill_at(process: subprocess.Popen[str], entries: Callable[[], int], number: int, delay_s: float) -> None:
    """Kill the process as soon as its journal has so many entries, and a moment has passed."""
    deadline = time.monotonic() + PATIENCE_S
    while entries() < number and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.005)
    time.sleep(delay_s)
    process.kill()
    process.communicate()


def crash(experiment: Path, number: int, delay_s: float) -> Crash:
    """Apply the experiment, kill it after this many journal entries, resume it, and look at what there is."""
    before = {*(PROJECT / "results").glob("*/*/")}
    process = lab("apply", str(experiment))

    def found() -> Path | None:
        new = [path for path in (PROJECT / "results").glob("*/crash-*/") if path not in before]
        return next((path for path in new if (path / "journal.jsonl").exists()), None)

    def entries() -> int:
        folder = found()
        return len(read_journal(folder / "journal.jsonl").entries) if folder else 0

    kill_at(process, entries, number, delay_s)
    folder = found()
    if folder is None:
        raise SystemExit(f"`lab apply` did not begin: {process.returncode}")
    at_death = read_journal(folder / "journal.jsonl").entries
    resumed = lab("resume", str(folder))
    output, _ = resumed.communicate(timeout=PATIENCE_S)
    entries_now = read_journal(folder / "journal.jsonl").entries
    trials = Counter(named(entry) for entry in entries_now if entry.event == "trial-ended")
    stored = [json.loads(line)["trial"] for line in (folder / "trials.jsonl").read_text().splitlines()]
    completed = resumed.returncode in {0, 4} and stored == TRIALS
    if not completed:
        print(output, file=sys.stderr)
    shutil.rmtree(folder)
    return Crash(
        killed_at=at_death[-1].event if at_death else "nothing",
        completed=completed,
        lost=sum(entry not in entries_now for entry in at_death) + len({*TRIALS} - {*stored}),
        twice=trials.total() - len(trials),
    )


def named(entry: Entry) -> str:
    """The trial of a `trial-ended`."""
    trial = entry.data["trial"]
    return str(trial["trial"]) if isinstance(trial, dict) else ""


def main() -> None:
    """Print a line a crash, and the figures last."""
    chance = Random(SEED)  # noqa: S311  repeatable, not secret
    crashes = []
    with tempfile.TemporaryDirectory() as scratch:
        experiment = Path(scratch) / "crash.yaml"
        experiment.write_text(EXPERIMENT)
        for count in range(CRASHES):
            number, delay_s = 1 + count, chance.choice((0.0, 0.0, chance.uniform(0, 2)))
            crashes.append(crash(experiment, number, delay_s))
            print(f"{count + 1:>2}  {crashes[-1]}", flush=True)
    completed = sum(crash.completed for crash in crashes)
    lost, twice = sum(crash.lost for crash in crashes), sum(crash.twice for crash in crashes)
    print(f"completed={completed}/{len(crashes)} lost={lost} twice={twice}")
    if completed < len(crashes) or lost or twice:
        sys.exit(1)


if __name__ == "__main__":
    main()
