"""Says how far a run has come, as the run's journal tells."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from benchmark_lab.apply.world import lives
from benchmark_lab.bundle import Cells, Experiment, Schedule, StoredFile
from benchmark_lab.records import Trial
from benchmark_lab.results.summary import rented_usd
from benchmark_lab.store.bundles import read_stored
from benchmark_lab.store.run_state import RunState, read_run_state
from benchmark_lab.targets import find_driver

LAST_VERDICTS = 5

State = Literal["not started", "running", "killed", "elsewhere", "interrupted", "complete"]
"""State of a run.

`killed`: the run's process is gone, and did not end the run. `elsewhere`: the run's process is on another host, and may
be gone.
"""


class RunStatus(StoredFile):
    """The state of a run as the run's journal tells."""

    folder: str
    run: str
    state: State
    pid: int | None
    """Id of the process that carries out the run; None where no process carries out the run."""
    phase: str | None
    trials_done: int
    trials_planned: int
    """Number of trials at most: a run may stop early, and cells that fail conformance are excluded."""
    probes_done: int
    valid: int
    seconds_left: float | None
    """Seconds that the run takes at most from now on; None where no trial has shown how long a trial takes."""
    spent_usd: float | None
    """US dollars spent on rented hosts until now; None where the sum is not known."""
    last_event_at: str | None
    last_verdicts: tuple[str, ...]
    notes: tuple[str, ...]


def status_of(folder: Path) -> RunStatus:
    """Return the status of a run by the run's journal, whole or cut off.

    Raises:
        ToolFailedError: if the folder holds no bundle, or a bundle of another schema.
    """
    bundle = folder / "bundle"
    experiment = read_stored(bundle / "experiment.json", Experiment)
    schedule = read_stored(bundle / "schedule.json", Schedule)
    cells = read_stored(bundle / "cells.json", Cells).cells
    outcome, warning = read_run_state(folder / "journal.jsonl")
    measured = [trial for trial in outcome.trials if trial.purpose == "measure"]
    measurable = [
        [cells[index].id not in outcome.excluded for index in order]
        for block in schedule.blocks
        for order in block.rounds
    ]
    planned = max(len(measured), sum(map(sum, measurable)))
    state = state_of(outcome)
    running = state in {"running", "elsewhere"}
    return RunStatus(
        folder=str(folder),
        run=folder.resolve().name,
        state=state,
        pid=outcome.controller.pid if outcome.controller and running else None,
        phase=outcome.phase[0] if outcome.phase else None,
        trials_done=len(measured),
        trials_planned=planned,
        probes_done=len(outcome.trials) - len(measured),
        valid=sum(trial.verdict == "valid" for trial in measured),
        seconds_left=_seconds_left(measured, planned, experiment) if running else None,
        spent_usd=spent_usd(outcome, experiment, running=running),
        last_event_at=outcome.last_at or None,
        last_verdicts=tuple(f"{trial.cell}: {trial.verdict}" for trial in outcome.trials[-LAST_VERDICTS:]),
        notes=(*outcome.notes, *([warning] if warning else [])),
    )


def spent_usd(outcome: RunState, experiment: Experiment, *, running: bool) -> float | None:
    """Return the US dollars that the hosts have cost until now.

    For a run that was killed, the costs count until the last entry of the journal.
    """
    if find_driver(experiment.hosts.source).cost == "free":
        return 0.0
    seconds = sum(phase.seconds for phase in outcome.phases)
    if running and outcome.phase:
        seconds += (datetime.now(UTC) - datetime.fromisoformat(outcome.phase[1])).total_seconds()
    return rented_usd(experiment, seconds)


def state_of(outcome: RunState) -> State:
    """Return whether a run is carried out, and how it ended if it is not."""
    if outcome.ended or outcome.controller is None:
        return outcome.ended or "not started"
    match lives(outcome.controller):
        case None:
            return "elsewhere"
        case alive:
            return "running" if alive else "killed"


def _seconds_left(measured: list[Trial], planned: int, experiment: Experiment) -> float | None:
    if not measured:
        return None
    each = sum(trial.overhead_s + trial.window_taken_s + experiment.load.warmup_s for trial in measured) / len(measured)
    return each * (planned - len(measured))
