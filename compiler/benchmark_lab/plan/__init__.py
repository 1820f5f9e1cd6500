"""Turns an Experiment into a Plan: the cells, the order of their trials, the contrasts, and what the run takes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchmark_lab.bundle import Block, Cell, Contrast, Criterion
from benchmark_lab.catalog import Language
from benchmark_lab.diagnostics import Code, Diagnostic, raise_all
from benchmark_lab.experiment.criteria import metrics_of
from benchmark_lab.plan.combination import Combination
from benchmark_lab.plan.contrasts import pair
from benchmark_lab.plan.duration import duration_words, trials_of, worst_case_s
from benchmark_lab.plan.load_hosts import with_load_hosts
from benchmark_lab.plan.matrix import expand
from benchmark_lab.plan.product import RuledOut
from benchmark_lab.plan.rent import Rent, rent_of, usd_per_hour
from benchmark_lab.plan.schedule import schedule
from benchmark_lab.plan.selection import select
from benchmark_lab.plan.warmup import short_warmup
from benchmark_lab.resolve import ResolvedExperiment
from benchmark_lab.source.quantity import counted

__all__ = ["Plan", "Rent", "RuledOut", "duration_words", "make_plan", "usd_per_hour"]


@dataclass(frozen=True, slots=True)
class Plan:
    """The plan of a run: what would be measured, in which order, and compared with what.

    An emitter writes the data of the plan down.
    """

    experiment: ResolvedExperiment
    cells: tuple[Cell, ...]
    blocks: tuple[Block, ...]
    contrasts: tuple[Contrast, ...]
    criteria: tuple[Criterion, ...]
    ruled_out: tuple[RuledOut, ...]
    notes: tuple[str, ...]
    worst_case_s: float
    rent: Rent | None
    """Rent of the hosts, where the target rents hosts."""

    @property
    def languages(self) -> dict[str, Language]:
        """Return the languages that the cells' implementations are written in, sorted by name."""
        catalog = self.experiment.catalog
        names = {catalog.implementations[cell.implementation].language for cell in self.cells}
        return {name: catalog.languages[name] for name in sorted(names)}

    @property
    def worst_case_usd(self) -> float:
        """Return the dollars that the run costs at most."""
        return self.rent.usd if self.rent else 0.0

    @property
    def trials(self) -> int:
        """Return the number of trials that measure, if every round is run; probes come before these trials."""
        return trials_of(self.experiment.rounds, self.cells)


def make_plan(experiment: ResolvedExperiment) -> Plan:
    """Plan an experiment.

    Raises InvalidExperimentError for a matrix, baseline, criterion or budget that does not work out, and
    EmptySelectionError where the flags leave no cell.
    """
    matrix = expand(experiment)
    pairing, problems = pair(experiment, matrix.combinations)
    raise_all([*problems, *_criteria_without_cell(experiment, matrix.combinations)])
    several = len(experiment.hardware) > 1
    cells = tuple(combination.cell(with_hardware=several) for combination in matrix.combinations)
    kept = select(cells, experiment.changes)
    remaining = [matrix.combinations[position] for position in kept]
    criteria = tuple(choice.value for choice in experiment.criteria if not _lacking(choice.value, remaining))
    chosen = tuple(cells[position] for position in kept)
    experiment, load_notes = with_load_hosts(experiment, chosen)
    rent = rent_of(experiment, chosen)
    load_hosts = max(choice.value.load.count for choice in experiment.hardware)
    worst_s = (
        rent.total_s
        if rent
        else worst_case_s(experiment.load, experiment.rounds, chosen, lanes=experiment.lanes, load_hosts=load_hosts)
    )
    raise_all(_over_budget(experiment, worst_s, rent))
    hardware = [choice.value.name for choice in experiment.hardware]
    measured = set(kept)
    pairs = ((a, b) for a, b in pairing.pairs if a in measured and b in measured)
    return Plan(
        experiment=experiment,
        cells=chosen,
        blocks=schedule(chosen, hardware, experiment.rounds.max, experiment.seed),
        contrasts=tuple(Contrast(baseline=cells[a].id, candidate=cells[b].id) for a, b in pairs),
        criteria=criteria,
        ruled_out=matrix.ruled_out,
        notes=(
            *experiment.notes,
            *matrix.notes,
            *load_notes,
            *short_warmup(experiment.load.warmup_s, chosen, experiment.catalog),
            *_alone(pairing.alone),
            *_left_out(len(kept), len(cells), len(experiment.criteria) - len(criteria)),
        ),
        worst_case_s=worst_s,
        rent=rent,
    )


def _lacking(criterion: Criterion, combinations: Sequence[Combination]) -> str:
    """Return the text of a criterion's first metric that selects no cell; empty where every metric selects one."""
    for metric in (*metrics_of(criterion.left), *metrics_of(criterion.right)):
        if not any(metric.where.items() <= combination.axes.items() for combination in combinations):
            conditions = ", ".join(f"{axis}={value}" for axis, value in metric.where.items())
            return f"{metric.name}({conditions})"
    return ""


def _criteria_without_cell(experiment: ResolvedExperiment, combinations: Sequence[Combination]) -> Iterator[Diagnostic]:
    for choice in experiment.criteria:
        if metric := _lacking(choice.value, combinations):
            message = f"no cell is selected by `{metric}`"
            yield Diagnostic(Code.CRITERION_WITHOUT_CELL, message, experiment.document.span(choice.path))


def _over_budget(experiment: ResolvedExperiment, worst_s: float, rent: Rent | None) -> Iterator[Diagnostic]:
    hours = experiment.budget.hours
    if hours is not None and worst_s > hours * 3600:
        message = f"the worst case takes {duration_words(worst_s)}, the budget is {duration_words(hours * 3600)}"
        span = experiment.document.span(("budget", "hours"))
        advice = "fewer cells or rounds, a shorter window, or more hours"
        yield Diagnostic(Code.OVER_BUDGET, message, span, help=advice)
    usd = experiment.budget.usd
    if usd is not None and rent is not None and rent.usd > usd:
        message = f"the worst case costs ${rent.usd:.2f}, the budget is ${usd:.2f}"
        span = experiment.document.span(("budget", "usd"))
        advice = "smaller or fewer hosts, fewer cells or rounds, a shorter window, or more dollars"
        yield Diagnostic(Code.OVER_BUDGET, message, span, help=advice)


def _alone(cells: int) -> Iterator[str]:
    if cells:
        lonely = counted(cells, "cell")
        yield f"{lonely} without a baseline cell of the same scenario, hardware and parameters: not compared."


def _left_out(kept: int, cells: int, criteria: int) -> Iterator[str]:
    if kept < cells:
        yield f"Measured {kept} of the experiment's {counted(cells, 'cell')}."
    if criteria:
        yield f"Left out {criteria} of the experiment's criteria: they speak of cells that are not measured."
