"""Runs trials on prepared hosts, a playbook a round, and judges and records each as it ends."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Literal

from benchmark_lab.bundle import BundledScenario, Cell, Load
from benchmark_lab.generator import k6_load
from benchmark_lab.results.metrics import SHARED_HOST
from benchmark_lab.run import Calibration, Trial
from benchmark_lab.runtime.hosts import Hosts
from benchmark_lab.runtime.journal import Journal
from benchmark_lab.runtime.outcome import Outcome
from benchmark_lab.runtime.progress import Progress
from benchmark_lab.runtime.record import RunFolder
from benchmark_lab.runtime.store import LoadedBundle
from benchmark_lab.runtime.tools import ToolFailedError
from benchmark_lab.runtime.trials import Measured, TrialAssembler, round_variables
from benchmark_lab.verdict import Place, judge

Purpose = Literal["measure", "probe"]


@dataclass(slots=True)
class Rounds:
    """The rounds of one hardware value's hosts."""

    hosts: Hosts
    bundle: LoadedBundle
    folder: RunFolder
    journal: Journal
    progress: Progress
    outcome: Outcome
    calibrations: Mapping[str, Calibration]
    """By cell id."""
    total: int = 0
    """Trials that are foreseen, for the progress."""
    done: int = 0
    _trials_s: float = 0.0
    _written: bool = True
    """Whether the database may differ from its seed: conformance has written to it."""

    def run(self, number: int, cells: Sequence[Cell], loads: Mapping[str, Load], purpose: Purpose) -> list[Trial]:
        """Measure each cell once, in this order.

        Args:
            number: of the round, or of the round of probes, counted from 0.
            cells: in the order of their trials.
            loads: by cell id.
            purpose: whether the trials measure, or look for a load.

        Raises:
            ToolFailedError: if a host failed, or the database died, since nothing after that could be valid.
        """
        name = "round" if purpose == "measure" else "probes"
        self.journal.record("round-started", round=number, purpose=purpose, cells=[cell.id for cell in cells])
        began = time.monotonic()
        trials: list[Trial] = []

        def on_measured(measured: Measured) -> None:
            cell = cells[measured.position]
            trials.append(self._take(measured, cell, loads[cell.id], number, purpose))
            self.done += 1
            each = (self._trials_s + time.monotonic() - began) / self.done
            self.progress.trial(self.done, max(self.total, self.done), trials[-1], each * (self.total - self.done))

        scenarios = self._scenarios
        self.hosts.play(
            "round",
            {
                "trial_round": round_variables(
                    [_arriving(cell, loads[cell.id]) for cell in cells],
                    self.hosts.builds,
                    scenarios,
                    written=self._written,
                    k6_options={cell.id: asdict(k6_load(loads[cell.id])) for cell in cells},
                ),
                "trial_seed": self.bundle.experiment.seed + number,
            },
            TrialAssembler(on_measured, lambda: datetime.now(UTC)),
            label=f"{name}-{cells[0].hardware}-{number:02d}",
        )
        self._trials_s += time.monotonic() - began
        self._written = scenarios[cells[-1].scenario].writes
        self.journal.record("round-ended", round=number, purpose=purpose)
        return trials

    @property
    def _scenarios(self) -> dict[str, BundledScenario]:
        return {scenario.name: scenario for scenario in self.bundle.experiment.scenarios}

    def _take(self, measured: Measured, cell: Cell, load: Load, number: int, purpose: Purpose) -> Trial:
        """Judge and record a trial."""
        place = Place(lane=0, round=number, position=measured.position, started_at=measured.started_at)
        trial = judge(
            measured.measurement,
            cell,
            load,
            self.bundle.experiment.limits,
            place,
            calibration=self.calibrations.get(cell.id),
            endpoints=self._scenarios[cell.scenario].endpoints,
            shared_host=SHARED_HOST in self.outcome.labels,
        )
        of_load: dict[str, object] = {"vus": load.vus if load.model == "closed" else None, "purpose": purpose}
        if purpose == "probe":
            of_load["trial"] = f"probe{number}.p{measured.position}"
        trial = trial.model_copy(update=of_load)
        self.folder.add(trial, cell, measured, self.hosts.secrets.redact(measured.server_log))
        self.journal.record("trial-ended", trial=trial.trial, cell=cell.id, verdict=trial.verdict,
                            reasons=[reason.code for reason in trial.reasons])  # fmt: skip
        self.outcome.trials.append(trial)
        database = measured.measurement.database
        if database and database.problem:
            raise ToolFailedError(f"host db: {database.problem}", next_step=f"the logs are in {self.folder.logs}")
        return trial


def _arriving(cell: Cell, load: Load) -> Cell:
    """The cell with what its scenario needs to know of the arrivals."""
    if load.arrivals == "uniform":
        return cell
    return cell.model_copy(update={"k6_env": {**cell.k6_env, "ARRIVALS": load.arrivals}})
