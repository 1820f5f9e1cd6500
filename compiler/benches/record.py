"""Records what the hosts report of trials with a known bottleneck, as compiler/tests/measurements keeps it."""
# ruff: noqa: INP001, T201, TID251  # a program of its own, which prints and writes

from __future__ import annotations

import argparse
from dataclasses import dataclass, field
from pathlib import Path

from benches.limits import BOTTLENECKS, VUS, experiment
from benches.trials import prepared
from benchmark_lab.bundle import Cell, Load
from benchmark_lab.run import Measurement, Trial
from benchmark_lab.runtime.record import RunFolder
from benchmark_lab.runtime.trials import Measured

LOAD = Load(model="closed", vus=VUS, warmup_s=5, measure_s=20)


@dataclass(frozen=True, slots=True)
class Recorder(RunFolder):
    """Keeps what a trial is judged by, too."""

    measurements: list[Measurement] = field(default_factory=list)

    def keep(self, trial: Trial, cell: Cell, measured: Measured) -> None:
        """Keep it until it is written."""
        RunFolder.keep(self, trial, cell, measured)
        self.measurements.append(measured.measurement)


def main() -> None:
    """Run a trial of each bottleneck and write its measurement; the server's log is left out."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="where the measurements are written")
    folder: Path = parser.parse_args().folder
    with prepared(experiment()) as bench:
        bench.calibrate()
        bench.rounds.folder = recorder = Recorder(bench.rounds.folder.path, bench.rounds.folder.run)
        for one in BOTTLENECKS:
            cell = next(cell for cell in bench.cells if one.is_of(cell))
            (trial,) = bench.run([cell], {cell.id: LOAD})
            measurement = recorder.measurements[-1]
            silent = measurement.server.model_copy(update={"log_tail": ""})
            written = measurement.model_copy(update={"server": silent}).model_dump_json(exclude_defaults=True)
            (folder / f"{one.name.replace(' ', '-')}.json").write_text(written + "\n", encoding="utf-8")
            codes = ", ".join(reason.code for reason in trial.reasons)
            print(f"{one.name}: {trial.verdict} {codes} {trial.limited_by} ({trial.limited_by_evidence})", flush=True)
            print(f"  {bench.calibrations[cell.id].model_dump_json()}", flush=True)


if __name__ == "__main__":
    main()
