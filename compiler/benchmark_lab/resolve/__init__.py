"""A Document and the Catalog to an Experiment: names found, defaults filled, every complaint gathered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from benchmark_lab.bundle import RoundCount, RunBudget, Scalar, Thresholds
from benchmark_lab.catalog import Catalog, Target
from benchmark_lab.diagnostics import InvalidExperimentError, raise_all
from benchmark_lab.experiment import Changes, ExperimentFile, change, read_experiment
from benchmark_lab.experiment.file import read_workers
from benchmark_lab.experiment.loads import SloSearch
from benchmark_lab.resolve.checks import check
from benchmark_lab.resolve.experiment import Choice, ResolvedExperiment, Selector
from benchmark_lab.resolve.hardware import hardware_of, sized_by_rate
from benchmark_lab.resolve.loads import asked_load, fewest_vus, levels_of
from benchmark_lab.resolve.scope import scope_of
from benchmark_lab.source import Document, Path
from benchmark_lab.source.quantity import counted

__all__ = ["Choice", "ResolvedExperiment", "Selector", "resolve"]

T = TypeVar("T")

_FEWEST_ROUNDS_FOR_AN_INTERVAL = 6


def resolve(document: Document, catalog: Catalog, changes: Changes) -> ResolvedExperiment:
    """Read an experiment in the light of the catalog; InvalidExperimentError holds all that is wrong with it."""
    written, problems = read_experiment(document)
    if written is None:
        raise InvalidExperimentError(problems)
    file, notes = change(written, changes)
    scope = scope_of(document, file, catalog)
    raise_all([*problems, *check(scope, file, catalog, changes)])
    return _experiment(document, file, catalog, changes, notes)


def _experiment(
    document: Document, file: ExperimentFile, catalog: Catalog, changes: Changes, notes: tuple[str, ...]
) -> ResolvedExperiment:
    target = catalog.targets[file.target]
    hardware, hardware_note = hardware_of(file, file.target, catalog)
    matrix = file.matrix
    exclude = [_selector(entry, ("matrix", "exclude", index)) for index, entry in enumerate(matrix.exclude)]
    include = [_selector(entry, ("matrix", "include", index)) for index, entry in enumerate(matrix.include)]
    baseline = None if file.baseline is None else _selector(file.baseline, ("baseline",))
    thresholds = Thresholds(**file.thresholds.model_dump())
    if hardware_note:
        # The names of the hardware that is not there select nothing any more.
        exclude = [entry for entry in exclude if "hardware" not in entry.values]
        include = [entry for entry in include if "hardware" not in entry.values]
        baseline = baseline and baseline.without("hardware")
    return ResolvedExperiment(
        document=document,
        catalog=catalog,
        changes=changes,
        name=file.name,
        question=file.question,
        target_name=file.target,
        target=target,
        hardware=hardware,
        sized_by_rate=sized_by_rate(file),
        most_load_hosts=fewest_vus(file.load),
        implementations=_choices(matrix.implementation, ("matrix", "implementation")),
        servers=_choices(matrix.server, ("matrix", "server")) or (Choice(None, ("matrix", "implementation")),),
        workers=_choices(file.workers, ("workers",)),
        scenarios=_choices(matrix.scenario, ("matrix", "scenario")),
        parameters={name: _choices(values, ("matrix", name)) for name, values in sorted(matrix.parameters.items())},
        exclude=tuple(exclude),
        include=tuple(include),
        baseline=baseline,
        load=asked_load(file.load),
        levels=levels_of(file.load),
        rounds=_rounds(file),
        lanes=min(file.lanes, target.max_lanes),
        seed=file.seed,
        budget=RunBudget(**file.budget.model_dump()),
        thresholds=thresholds,
        criteria=_choices(file.criteria, ("criteria",)),
        notes=tuple(
            filter(
                None,
                (*notes, hardware_note, _lanes_note(file, target), _rounds_note(file), _thresholds_note(thresholds)),
            )
        ),
    )


def _choices(values: tuple[T, ...], path: Path) -> tuple[Choice[T], ...]:
    return tuple(Choice(value, (*path, index)) for index, value in enumerate(values))


def _selector(entry: Mapping[str, Scalar], path: Path) -> Selector:
    workers = read_workers(entry["workers"]) if "workers" in entry else None
    return Selector(path, {axis: value for axis, value in entry.items() if axis != "workers"}, workers)


def _rounds(file: ExperimentFile) -> RoundCount:
    if isinstance(file.load, SloSearch):
        return RoundCount(min=1, max=1)  # a search restarts the server itself
    until = file.rounds.until
    return RoundCount(min=file.rounds.least, max=file.rounds.max, ci_half_width=until.ci_half_width if until else None)


def _lanes_note(file: ExperimentFile, target: Target) -> str:
    if file.lanes <= target.max_lanes:
        return ""
    return f"Target {file.target} has {counted(target.max_lanes, 'lane')}; the experiment asks for {file.lanes}."


def _rounds_note(file: ExperimentFile) -> str:
    if file.rounds.max >= _FEWEST_ROUNDS_FOR_AN_INTERVAL or isinstance(file.load, SloSearch):
        return ""
    return f"There is no interval from {file.rounds.words}; it takes {_FEWEST_ROUNDS_FOR_AN_INTERVAL}."


def _thresholds_note(thresholds: Thresholds) -> str:
    usual = Thresholds().model_dump()
    others = [f"{name} {value:g} instead of {usual[name]:g}" for name, value in thresholds if value != usual[name]]
    return f"Thresholds of its own: {', '.join(others)}." if others else ""
