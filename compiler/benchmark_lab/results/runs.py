"""Compares a stored run's contrasts, or the same cells of two runs, and says what differs between the runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from benchmark_lab.bundle import Cell, Experiment, Hardware, LoadAsked, StoredFile, Thresholds
from benchmark_lab.diagnostics import LabError, nearest
from benchmark_lab.judge.metrics import METRICS
from benchmark_lab.records import CellSummary, MetricComparison, SearchResult, Summary, Trial
from benchmark_lab.results.cells import summarise_cells
from benchmark_lab.results.comparisons import Question, answer, compare_cells, sides_of
from benchmark_lab.results.metrics import SHARED_HOST, compared_by_default, unranked_reason
from benchmark_lab.results.summary import load_in_words


@dataclass(frozen=True, slots=True)
class StoredRun:
    """A run read back from its folder; `summary` is None where the run never came to a summary."""

    name: str
    experiment: Experiment
    cells: Sequence[Cell]
    trials: Sequence[Trial]
    summary: Summary | None
    excluded: Mapping[str, str] = field(default_factory=dict)
    """Reasons, by cell id, why a cell has no trials, or no further trials."""
    unequal_utilisation: Mapping[str, str] = field(default_factory=dict)
    """Reasons, by cell id, why a cell's load may utilise the cell less than other cells of its step."""
    searches: Mapping[str, SearchResult] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    journalled_labels: tuple[str, ...] = ()
    """Labels of the run's hosts, as the run's journal says."""

    @property
    def labels(self) -> tuple[str, ...]:
        """Return the labels that hold for all numbers of the run.

        A run without a summary has the labels of its journal, and at least the label of the shared host.
        """
        return self.summary.labels if self.summary else tuple(dict.fromkeys((SHARED_HOST, *self.journalled_labels)))

    def summarised_cells(self) -> tuple[CellSummary, ...]:
        """Return the run's cells, summarised anew from the trials."""
        return summarise_cells(self.cells, self.trials, self.excluded, self.searches, self.unequal_utilisation)


class RunComparison(StoredFile):
    """The answer of `lab compare`: the contrasts of one run, or a cell of one run against the same cell of another."""

    baseline_run: str
    candidate_run: str
    load: str
    labels: tuple[str, ...]
    notes: tuple[str, ...]
    cells: tuple[CellSummary, ...]
    """Compared cells, as the candidate run has the cells."""
    comparisons: tuple[MetricComparison, ...]


class IncomparableRunsError(LabError):
    """The error for two runs between which no ratio means anything."""

    exit_code = 2


class UnknownMetricError(LabError):
    """The error for a metric that results do not have."""

    exit_code = 2


def asked_metrics(names: Sequence[str]) -> tuple[str, ...]:
    """Return the names of the metrics as given, once each.

    Raises:
        UnknownMetricError: one name is no metric.
    """
    for name in names:
        if name not in METRICS:
            known = f"the metrics are {', '.join(METRICS)}"
            raise UnknownMetricError(f"`{name}` is no metric\nhelp: {nearest(name, METRICS) or known}")
    return tuple(dict.fromkeys(names))


def compare_run(run: StoredRun, metrics: tuple[str, ...] = ()) -> RunComparison:
    """Compare a run's cells with its baseline, paired by round."""
    cells = run.summarised_cells()
    return RunComparison(
        baseline_run=run.name,
        candidate_run=run.name,
        load=load_in_words(run.experiment.load),
        labels=run.labels,
        notes=run.warnings,
        cells=cells,
        comparisons=compare_cells(run.experiment, cells, run.trials, run.labels, metrics),
    )


def compare_runs(baseline: StoredRun, candidate: StoredRun, metrics: tuple[str, ...] = ()) -> RunComparison:
    """Compare the cells that both runs have; the comparison is unpaired, for the runs' rounds were not interleaved.

    Raises:
        IncomparableRunsError: the load differs, or no cell is in both runs, or the load has no rounds.
    """
    load = candidate.experiment.load
    if _amount(baseline.experiment.load) != _amount(load):
        raise IncomparableRunsError(
            f"the loads differ: {load_in_words(baseline.experiment.load)} in {baseline.name}, "
            f"{load_in_words(load)} in {candidate.name}"
        )
    before = {cell.cell: cell for cell in baseline.summarised_cells()}
    after = tuple(cell for cell in candidate.summarised_cells() if cell.cell in before)
    if not after:
        raise IncomparableRunsError(f"{baseline.name} and {candidate.name} have no cell in common")
    if after[0].search or before[after[0].cell].search:
        raise IncomparableRunsError("a search for the highest rate has no rounds to compare: see each run's summary.md")
    forbidding = tuple(_differences(baseline, candidate))
    labels = tuple(dict.fromkeys((*baseline.labels, *candidate.labels)))
    questions = []
    for cell in after:
        trials = _trials(baseline, cell), _trials(candidate, cell)
        asked = metrics or compared_by_default(cell.load_model)
        for metric in asked:
            sides = sides_of(*trials, metric, paired=baseline.name == candidate.name)
            if sides.n or metric == asked[0]:
                reason = unranked_reason(metric, cell.load_model, labels, (before[cell.cell], cell))
                questions.append(Question(cell.cell, cell.cell, metric, sides, "; ".join(forbidding) or reason))
    return RunComparison(
        baseline_run=baseline.name,
        candidate_run=candidate.name,
        load=load_in_words(load),
        labels=labels,
        notes=(*forbidding, *_notes(baseline, candidate)),
        cells=after,
        comparisons=answer(questions, candidate.experiment.seed),
    )


def _amount(load: LoadAsked) -> LoadAsked:
    """Return what makes two loads the same, which excludes how long the loads last."""
    return load.model_copy(update={"warmup_s": 0, "window_s": 0})


def _trials(run: StoredRun, cell: CellSummary) -> list[Trial]:
    return [trial for trial in run.trials if trial.cell == cell.cell and trial.purpose == "measure"]


def _differences(baseline: StoredRun, candidate: StoredRun) -> list[str]:
    """Say what forbids to rank two runs' numbers: a difference that counts, or a run without a machine on record."""
    found = []
    one, other = baseline.experiment, candidate.experiment
    if one.target != other.target:
        found.append(f"other target: {one.target} and {other.target}")
    changed = _changed(_shapes(one.hardware), _shapes(other.hardware))
    if changed:
        found.append(f"other hardware: {changed}")
    if changed := _changed(_figures(one.thresholds), _figures(other.thresholds)):
        found.append(f"other thresholds: {changed}")
    if baseline.summary and candidate.summary:
        machines = baseline.summary.provenance.machine, candidate.summary.provenance.machine
        if changed := _changed(*machines):
            found.append(f"other machine: {changed}")
    else:
        without = baseline.name if baseline.summary is None else candidate.name
        found.append(f"machine not known: {without} has no summary.json")
    return found


def _shapes(hardware: Sequence[Hardware]) -> dict[str, str]:
    return {shape.name: shape.model_dump_json(exclude={"name"}) for shape in hardware}


def _figures(thresholds: Thresholds) -> dict[str, str]:
    return {name: f"{value:g}" for name, value in thresholds}


def _changed(one: Mapping[str, str], other: Mapping[str, str]) -> str:
    names = [name for name in sorted(one.keys() | other.keys()) if one.get(name) != other.get(name)]
    return ", ".join(f"{name} {one.get(name, 'none')} and {other.get(name, 'none')}" for name in names)


def _notes(baseline: StoredRun, candidate: StoredRun) -> list[str]:
    """Say what does not forbid a ranking, but what a reader weighs."""
    found = [f"{run.name}: {warning}" for run in (baseline, candidate) for warning in run.warnings]
    if baseline.name != candidate.name:
        found.append("the runs were not interleaved: what changed on the machine between them counts as a difference")
    one, other = baseline.experiment.load, candidate.experiment.load
    if (one.warmup_s, one.window_s) != (other.warmup_s, other.window_s):
        found.append(f"warm-up and window differ: {_times(one)} and {_times(other)}")
    if baseline.summary and candidate.summary:
        versions = _changed(baseline.summary.provenance.versions, candidate.summary.provenance.versions)
        if versions:
            found.append(f"versions differ: {versions}")
    for run, rest in ((baseline, candidate), (candidate, baseline)):
        alone = {cell.id for cell in run.cells} - {cell.id for cell in rest.cells}
        if alone:
            found.append(f"only in {run.name}: {', '.join(sorted(alone))}")
    return found


def _times(load: LoadAsked) -> str:
    return f"{load.warmup_s:g} + {load.window_s:g} s"
