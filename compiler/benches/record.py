"""Records trials that go wrong on purpose as compiler/tests/measurements keeps them, and says how they are judged.

A machine that is restless adds reasons and warnings of its own: such a trial is done again.

Needs what `lab apply` on target `local` needs, and wrk; takes some ten minutes.
"""
# ruff: noqa: INP001, T201, TID251  # a program of its own, which prints and writes

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass, field
from pathlib import Path

from benches.harm import Stage
from benches.scenes import SCENES, Scene
from benches.trials import Bench, experiment_of, prepared
from benchmark_lab.bundle import Role
from benchmark_lab.machine.tools import ToolFailedError
from benchmark_lab.records import Measured, Measurement, Trial, TrialRecord
from benchmark_lab.store.run_folder import RunFolder
from tests.measurements.records import FOLDER, Record
from tests.measurements.verdicts import VERDICTS, Deserved


@dataclass(frozen=True, slots=True)
class Edit:
    """A record that no trial here can give: a valid one, with what the hosts' counters would say."""

    name: str
    why: str
    counters: dict[Role, dict[str, float]]
    """By role, over those that were recorded."""
    shared_host: bool = True

    def of(self, record: Record) -> Record:
        """The record, edited."""
        hosts = record.measurement.hosts
        changed = {role: hosts[role].model_copy(update=counters) for role, counters in self.counters.items()}
        measurement = record.measurement.model_copy(update={"hosts": {**hosts, **changed}})
        return record.model_copy(
            update={"edited": self.why, "measurement": measurement, "shared_host": self.shared_host}
        )


TRIES = 6
EDITED = "valid-closed"
NO_STEAL = "steal: only the hypervisor takes CPU time, when other machines want it"
EDITS = (
    Edit("host-noise", NO_STEAL, {"sut": {"steal": 0.137}}),
    Edit("host-noise-warned", NO_STEAL, {"sut": {"steal": 0.043}}),
    Edit(
        "network-allowance",
        "allowance_exceeded: only network cards of AWS count it",
        {"sut": {"allowance_exceeded": 1_893}, "load": {"allowance_exceeded": 412}},
        shared_host=False,
    ),
)


@dataclass(frozen=True, slots=True)
class Recorder(RunFolder):
    """Keeps what trials are judged by, too."""

    measurements: dict[str, Measurement] = field(default_factory=dict)
    """By cell."""

    def keep(self, trial: Trial, record: TrialRecord, measured: Measured) -> None:
        """Keep it until it is written."""
        RunFolder.keep(self, trial, record, measured)
        self.measurements[record.cell] = record.measurement


def record(bench: Bench, recorder: Recorder, scene: Scene) -> Record:
    """Run the scene's trial; what its server logged is left out but for the last line."""
    cell = scene.changed(scene.cell(bench.cells)).model_copy(update={"id": scene.name})
    try:
        with scene.played(Stage(bench)):
            bench.run([cell], {cell.id: scene.load})
    except ToolFailedError:
        if cell.id not in recorder.measurements:  # there is one of the trial that PostgreSQL died in, as it should
            raise
    measured = recorder.measurements.pop(cell.id)
    last_words = measured.server.log_tail.strip().rpartition("\n")[2] if measured.server.problem else ""
    silent = measured.server.model_copy(update={"log_tail": last_words})
    (operations,) = [of.operations for of in bench.bundle.experiment.scenarios if of.name == cell.scenario]
    return Record(
        cell=cell,
        load=scene.load,
        thresholds=scene.thresholds,
        calibration=bench.calibrations[cell.id],
        operations=operations,
        measurement=measured.model_copy(update={"server": silent}),
    )


def is_deserved(trial: Trial, deserved: Deserved) -> bool:
    """Whether a trial is judged as its scene asks for; figures may differ, and whether the seconds were restless."""
    reasons, warnings = (tuple(each.code for each in said) for said in (trial.reasons, trial.warnings))
    differing = {*warnings} ^ {*deserved.warnings}
    return (reasons, trial.bottleneck) == (deserved.codes, deserved.bottleneck) and differing <= {
        "steady-state-untested"
    }


def say(name: str, trial: Trial) -> None:
    """Print the verdict with all its figures."""
    print(f"{name}: {trial.verdict}, bottleneck {trial.bottleneck} ({trial.bottleneck_evidence})")
    for found in (*trial.reasons, *trial.warnings):
        print(f"  {found.code}: {found.evidence}")
    sys.stdout.flush()


def main() -> None:
    """Run trials of each scene until one is judged as it should be, and write its record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="scenes; without any, all of them")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where the records are written")
    arguments = parser.parse_args()
    if unknown := set(arguments.names) - {scene.name for scene in SCENES}:
        sys.exit(f"no scene is called {', '.join(sorted(unknown))}: {', '.join(scene.name for scene in SCENES)}")
    scenes = [scene for scene in SCENES if scene.name in arguments.names or not arguments.names]
    with prepared(experiment_of([scene.subject for scene in scenes])) as bench:
        bench.calibrate([scene.cell(bench.cells) for scene in scenes])
        bench.rounds.folder = recorder = Recorder(bench.rounds.folder.path, bench.rounds.folder.run)
        for scene in scenes:
            for _ in range(TRIES):
                recorded = record(bench, recorder, scene)
                say(scene.name, trial := recorded.judge())
                if is_deserved(trial, VERDICTS[scene.name]):
                    break
            else:
                sys.exit(f"{scene.name} was judged otherwise {TRIES} times; its record is as before")
            recorded.write(arguments.folder / f"{scene.name}.json")
            if scene.name == EDITED:
                for edit in EDITS:
                    edit.of(recorded).write(arguments.folder / f"{edit.name}.json")


if __name__ == "__main__":
    main()
