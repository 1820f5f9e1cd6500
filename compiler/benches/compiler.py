"""Measures the time and peak memory of `lab plan` and `lab compile` of 10,000 cells, and of `lab --help`."""
# ruff: noqa: INP001, S603, T201, TID251  # a program of its own: it runs lab, reads what it wrote, and prints

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).parents[2]
LAB = Path(sys.executable).with_name("lab")
RUNS = 5
CELLS = 10_000
EXPERIMENT = f"""\
schema: 1
name: ten-thousand-cells
question: How long does it take to plan and compile {CELLS:,} cells?
target: local
hardware: {{sut: {{cpus: 2}}}}
workers: {list(range(1, 51))}
matrix:
  implementation: python-fastapi
  server: [uvicorn, gunicorn-uvicorn]
  scenario: 03-db-read
  page_size: {list(range(1, 101))}
load: {{model: open, rate: 300}}
baseline: {{server: uvicorn, workers: 1}}
"""


@dataclass(frozen=True)
class Process:
    """What one run of a command took."""

    wall_s: float
    peak_mb: float
    lines: int


def measure(*arguments: str) -> Process:
    """Run `lab` in the project and wait for it; stop with its words if it fails."""
    started = time.perf_counter()
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen([LAB, *arguments], cwd=PROJECT, stdout=output, stderr=output)
        _, status, usage = os.wait4(process.pid, 0)
        wall_s = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        text = output.read().decode()
    if process.returncode != 0:
        sys.exit(f"lab {' '.join(arguments)} ended with status {process.returncode}:\n{text}")
    # Linux counts in KiB, macOS in bytes.
    unit = 1 if sys.platform == "darwin" else 1024
    return Process(wall_s, usage.ru_maxrss * unit / 1e6, text.count("\n"))


def main() -> None:
    """Run each command several times in turn, so that a disturbance hits all of them; print the medians."""
    with tempfile.TemporaryDirectory() as folder:
        experiment = Path(folder) / "ten-thousand-cells.yaml"
        experiment.write_text(EXPERIMENT)
        bundle = Path(folder) / "bundle"
        commands = {
            "help": ("--help",),
            "plan": ("plan", str(experiment)),
            "plan_json": ("plan", str(experiment), "--json"),
            "compile": ("compile", str(experiment), "--out", str(bundle)),
        }
        runs: dict[str, list[Process]] = {name: [] for name in commands}
        for _ in range(RUNS):
            for name, arguments in commands.items():
                runs[name].append(measure(*arguments))
        cells = (bundle / "cells.json").read_text().count('{"id":')
    if cells != CELLS:
        sys.exit(f"{cells} cells instead of {CELLS}")
    for name, processes in runs.items():
        walls = ", ".join(f"{process.wall_s:.2f}" for process in processes)
        print(f"{name}: {walls} s; at most {max(process.peak_mb for process in processes):.0f} MB")
    figures = {f"{name}_s": statistics.median(process.wall_s for process in runs[name]) for name in runs}
    figures |= {f"{name}_mb": max(process.peak_mb for process in runs[name]) for name in ("plan", "compile")}
    print(" ".join(f"{name}={value:.2f}" for name, value in figures.items()), f"cells={cells}")


if __name__ == "__main__":
    main()
