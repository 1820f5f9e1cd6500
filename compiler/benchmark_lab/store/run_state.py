"""Learns what a run has come to from the run's journal, entry by entry.

An entry may be just written, or read back after a crash.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import TypeAdapter

from benchmark_lab.bundle import Load
from benchmark_lab.judge.metrics import without_strangers
from benchmark_lab.records import (
    Calibration,
    Controller,
    HostsReady,
    Phase,
    RoundKey,
    RunStarted,
    SearchResult,
    Trial,
)
from benchmark_lab.store.journal import Entry, read_journal

MEASURE = "measure"
"""Name of the phase of the rounds."""

_LANE = TypeAdapter(int)
_NAMES = TypeAdapter(tuple[str, ...])
_CALIBRATIONS = TypeAdapter(dict[str, Calibration])
_LOADS = TypeAdapter(dict[str, Load])
_REASONS = TypeAdapter(dict[str, str])
_SEARCHES = TypeAdapter(dict[str, SearchResult])


@dataclass(slots=True)
class RunState:
    """The state that a run has come to so far: whole at the run's end, partial after an interruption."""

    started_at: str = ""
    last_at: str = ""
    start: RunStarted | None = None
    """Facts that the run began with, such as the digest of its bundle."""
    controller: Controller | None = None
    """Process that carries out the run, or that carried out the run last."""
    marks: list[str] = field(default_factory=list)
    """Marks in the environment of the processes that the run's controllers, one after the other, started."""
    ended: Literal["complete", "interrupted"] | None = None
    """End of the run: complete or interrupted; None while the run is carried out, and after a crash."""
    seal: str | None = None
    """Digest of the list of the digests of the run's files."""
    trials: list[Trial] = field(default_factory=list)
    """Trials that count."""
    excluded: dict[str, str] = field(default_factory=dict)
    """Reasons by cell id why the cell is not measured, or not measured any more."""
    calibrations: dict[int, dict[str, Calibration]] = field(default_factory=dict)
    """Calibrations by lane and cell id: what generator and database can do at most with the cell's requests."""
    calibrated: set[tuple[str, int]] = field(default_factory=set)
    """Hardware values and lanes whose present hosts are calibrated."""
    loads: dict[str, Load] = field(default_factory=dict)
    """Loads that probing found, by cell id."""
    unequal_utilisation: dict[str, str] = field(default_factory=dict)
    """Reasons by cell id why a load that probing found may utilise the cell less than the other cells of its step."""
    searches: dict[str, SearchResult] = field(default_factory=dict)
    """Results of the cells' searches, by cell id."""
    settled: set[str] = field(default_factory=set)
    """Hardware values whose rounds ended before the last round."""
    orders: dict[RoundKey, tuple[str, ...]] = field(default_factory=dict)
    """Cell ids of each round that began, in the order of the cells' trials."""
    lanes: dict[RoundKey, int] = field(default_factory=dict)
    """Number of the lane that each round that began is run on."""
    finished: set[RoundKey] = field(default_factory=set)
    hosts: dict[tuple[str, int], dict[str, str]] = field(default_factory=dict)
    """Host facts by hardware value and lane that must stay the same within a round, such as the CPU's model."""
    phases: list[Phase] = field(default_factory=list)
    phase: tuple[str, str] | None = None
    """Name of the phase that is going on, and the time when this phase began."""
    labels: tuple[str, ...] = ()
    machine: dict[str, str] = field(default_factory=dict)
    """Facts of what the hosts are and how the hosts are set."""
    as_found: dict[str, str] = field(default_factory=dict)
    """Settings of the hosts that the run tuned, as the settings were before."""
    notes: list[str] = field(default_factory=list)
    """Notes of what a reader of the results should know of how the run went."""
    versions: dict[str, str] = field(default_factory=dict)
    cpu_sets: dict[str, str] = field(default_factory=dict)

    def unfinished(self, hardware: str, lane: int | None = None) -> list[RoundKey]:
        """Return the rounds that began on this hardware value, and on this lane if one is given, and did not end."""
        begun = (key for key in self.orders if key.hardware == hardware and lane in (None, self.lanes[key]))
        return [key for key in begun if key not in self.finished]

    def left_of_round(self, key: RoundKey) -> list[str]:
        """Return the ids of the cells that the round has no trial of, in order: the first cell was interrupted."""
        found = self.of_round(key)
        return [cell for cell in self.orders[key] if cell not in found]

    def of_round(self, key: RoundKey) -> dict[str, Trial]:
        """Return the trials that the round has so far, by cell id."""
        return {trial.cell: trial for trial in self.trials if _round_of(trial) == key}

    def allowed_rps(self, generator_share: float) -> dict[str, float]:
        """Return the requests a second that the generator may send in every calibrated lane, by cell id.

        At such a rate the generator holds back no trial.
        """
        allowed: dict[str, float] = {}
        for calibrations in self.calibrations.values():
            for cell, calibration in calibrations.items():
                if calibration.generator_rps:
                    rate_rps = calibration.generator_rps * generator_share
                    allowed[cell] = min(rate_rps, allowed.get(cell, rate_rps))
        return allowed

    def take(self, entry: Entry) -> None:
        """Learn from an entry of the journal."""
        data = entry.data
        match entry.event:
            case "run-started" | "run-resumed":
                self._start(entry)
            case "phase-started":
                self.phase = (str(data["phase"]), entry.at)
            case "phase-ended":
                self.phase = None
                self.phases.append(Phase.model_validate({**data, "name": data["phase"]}))
            case "hosts-ready":
                self._meet(HostsReady.model_validate(data))
            case "run-ended":
                self.ended = "complete" if data["complete"] else "interrupted"
                self.seal = str(data["seal"])
            case event if event.startswith(("round-", "trial-")):
                self._measure(entry)
            case _:
                self._find(entry)
        self.last_at = entry.at

    def _measure(self, entry: Entry) -> None:
        """Learn of a round, or of a trial in a round."""
        data = entry.data
        match entry.event:
            case "round-started":
                key = RoundKey.model_validate(data["round"])
                self.orders.setdefault(key, _NAMES.validate_python(data["cells"]))
                self.lanes[key] = _LANE.validate_python(data["lane"])
            case "trial-ended":
                self.trials.append(without_strangers(Trial.model_validate(data["trial"])))
            case "trial-voided":
                name = _in_words(RoundKey.model_validate(data["round"]))
                self.notes.append(f"{name}: the trial of {data['cell']} was interrupted and done again")
            case "round-ended":
                self.finished.add(RoundKey.model_validate(data["round"]))
            case "round-voided":
                self._void(RoundKey.model_validate(data["round"]), str(data["reason"]))
            case _:  # a newer lab's, which does not change what the others say
                pass

    def _find(self, entry: Entry) -> None:
        """Learn what the run found out about cells."""
        data = entry.data
        match entry.event:
            case "excluded":
                self.excluded |= dict.fromkeys(_NAMES.validate_python(data["cells"]), str(data["reason"]))
            case "calibrated":
                lane = _LANE.validate_python(data["lane"])
                self.calibrations.setdefault(lane, {}).update(_CALIBRATIONS.validate_python(data["calibrations"]))
                self.calibrated.add((str(data["hardware"]), lane))
                notes = _NAMES.validate_python(data.get("notes", ()))
                self.notes += [note for note in notes if note not in self.notes]  # another lane may have said the same
            case "loads-found":
                self.loads |= _LOADS.validate_python(data["loads"])
                self.unequal_utilisation |= _REASONS.validate_python(data.get("unequal_utilisation", {}))
                self.notes += _NAMES.validate_python(data.get("notes", ()))
            case "searched":
                self.searches |= _SEARCHES.validate_python(data["searches"])
            case "stopped-early":
                self.settled.add(str(data["hardware"]))
            case _:  # a newer lab's
                pass

    def _start(self, entry: Entry) -> None:
        start = RunStarted.model_validate(entry.data)
        if entry.event == "run-started":
            self.started_at, self.start = entry.at, start
        else:
            how = "was killed" if self.ended is None else "was interrupted"
            self.notes.append(f"resumed at {entry.at}, after it {how} at {self.last_at}")
            if self.start and start.lab != self.start.lab:
                self.notes.append(f"resumed with lab {start.lab}, begun with {self.start.lab}")
        if self.phase:  # its process was killed; it lasted at least until the last entry
            name, began = self.phase
            lasted = datetime.fromisoformat(self.last_at) - datetime.fromisoformat(began)
            self.phases.append(Phase(name=name, seconds=max(0.0, lasted.total_seconds())))
        self.controller = start.controller
        self.marks.append(start.controller.mark)
        self.phase = self.ended = self.seal = None

    def _meet(self, hosts: HostsReady) -> None:
        """Learn what the hosts of a lane are; hosts that are not the same as before need another calibration."""
        key = hosts.hardware, hosts.lane
        if self.hosts.get(key) != hosts.identity:
            self.calibrated.discard(key)
        self.hosts[key] = hosts.identity
        self.versions |= hosts.versions
        self.cpu_sets = hosts.cpu_sets
        self.machine = hosts.machine
        self.as_found = hosts.as_found | self.as_found  # a run that is resumed finds what it changed itself
        self.labels = tuple(dict.fromkeys([*self.labels, *hosts.labels]))

    def _void(self, key: RoundKey, reason: str) -> None:
        voided = len(self.of_round(key))
        self.trials = [trial for trial in self.trials if _round_of(trial) != key]
        del self.orders[key], self.lanes[key]
        self.notes.append(f"{_in_words(key)} was done again, and {voided} of its trials are void: {reason}")


def read_run_state(journal: Path) -> tuple[RunState, str | None]:
    """Return the state that the journal's valid prefix tells, and a warning on what follows the prefix, if anything.

    Raises:
        ToolFailedError: if the journal was written with another schema.
    """
    prefix = read_journal(journal)
    outcome = RunState()
    for entry in prefix.entries:
        outcome.take(entry)
    return outcome, prefix.warning


def _in_words(key: RoundKey) -> str:
    return f"{'round' if key.purpose == 'measure' else 'round of probes'} {key.number} ({key.hardware})"


def _round_of(trial: Trial) -> RoundKey:
    return RoundKey(hardware=trial.hardware, purpose=trial.purpose, number=trial.round)
