"""Summarises a run's judged trials: cells, comparisons and criteria."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from benchmark_lab.bundle import Cell, Experiment, LoadAsked
from benchmark_lab.records import Calibration, Phase, Provenance, SearchResult, Summary, Trial
from benchmark_lab.results.cells import summarise_cells
from benchmark_lab.results.comparisons import LOOK_CONFIDENCE, compare_cells
from benchmark_lab.results.criteria import evaluate
from benchmark_lab.results.scaling import scalings
from benchmark_lab.results.work import unit_costs
from benchmark_lab.statistics.decision import MARGIN


@dataclass(frozen=True, slots=True)
class RunFacts:
    """The facts that a summary says of the run beyond the run's trials."""

    run: str
    started_at: str
    ended_at: str
    complete: bool
    provenance: Provenance
    phases: tuple[Phase, ...]
    rounds_wall_s: float
    """Wall time of all rounds in seconds, from the first start to the last end."""
    labels: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    """Notes of the experiment, and notes on what happened on the way."""
    excluded: Mapping[str, str] = field(default_factory=dict)
    """Reasons, by cell id, why a cell has no trial, such as a failed conformance gate."""
    stopped_early: bool = False
    calibrations: Mapping[str, Calibration] = field(default_factory=dict)
    """Calibrations by cell id: what generator and database can do at most with the cell's requests."""
    searches: Mapping[str, SearchResult] = field(default_factory=dict)
    """Search results by cell id: what the search for the cell's highest rate found."""
    unequal_utilisation: Mapping[str, str] = field(default_factory=dict)
    """Reasons, by cell id, why a cell's load may utilise the cell less than other cells of its step."""


def summarise(experiment: Experiment, cells: Sequence[Cell], trials: Sequence[Trial], facts: RunFacts) -> Summary:
    """Summarise a run, whole or interrupted; the summary does not have the answer in words yet."""
    summaries = tuple(
        cell.model_copy(update={"calibration": facts.calibrations.get(cell.cell)})
        for cell in summarise_cells(cells, trials, facts.excluded, facts.searches, facts.unequal_utilisation)
    )
    comparisons = compare_cells(experiment, summaries, trials, facts.labels)
    load = load_in_words(experiment.load)
    measuring = [trial for trial in trials if trial.purpose == "measure"]
    measured_s = sum(trial.window_taken_s + experiment.load.warmup_s for trial in measuring if trial.window_taken_s)
    lanes_wall_s = facts.rounds_wall_s * experiment.lanes
    return Summary(
        run=facts.run,
        experiment=experiment.name,
        question=experiment.question,
        target=experiment.target,
        started_at=facts.started_at,
        ended_at=facts.ended_at,
        complete=facts.complete,
        labels=facts.labels,
        notes=facts.notes,
        margin=MARGIN,
        rounds_done=_rounds_done(trials),
        stopped_early=facts.stopped_early,
        look_confidence=LOOK_CONFIDENCE if experiment.rounds.ci_half_width is not None else None,
        load=load,
        cells=summaries,
        unit_costs=unit_costs(experiment.scenarios, summaries, trials),
        scalings=scalings(summaries, trials, facts.labels, experiment.seed),
        comparisons=comparisons,
        criteria=tuple(evaluate(criterion, summaries, facts.labels) for criterion in experiment.criteria),
        phases=facts.phases,
        measuring_share=measured_s / lanes_wall_s if lanes_wall_s else 0.0,
        overhead_per_trial_s=max(0.0, lanes_wall_s - measured_s) / len(measuring) if measuring else 0.0,
        rented_usd=rented_usd(experiment, sum(phase.seconds for phase in facts.phases)),
        provenance=facts.provenance,
    )


def rented_usd(experiment: Experiment, seconds: float) -> float | None:
    """Return the dollars that the experiment's hosts cost in so many seconds; None where the target rents no hosts.

    The price is the dearest hardware's price.
    """
    prices = experiment.hosts.usd_per_hour.values()
    return round(max(prices) * seconds / 3600, 4) if prices else None


def load_in_words(load: LoadAsked) -> str:
    """Return the load in words: `open, 300 requests/s`, `closed, 32 virtual users`, `highest rate with p99 < 50ms`."""
    match load.model:
        case "open":
            words = f"open, {_steps(load.arrival_rates_rps)} requests/s"
        case "closed":
            words = f"closed, {_steps(load.vus)} virtual users"
        case "slo-search":
            words = f"highest rate with {' and '.join(objective.text for objective in load.objectives)}"
        case "capacity-then-latency":
            words = "capacity, then latency below it"
    return f"{words}, Poisson arrivals" if load.arrivals == "poisson" else words


def _steps(values: Sequence[float]) -> str:
    return ", ".join(f"{value:,.0f}" for value in values)


def _rounds_done(trials: Sequence[Trial]) -> int:
    """Return the number of whole rounds of the hardware that has the fewest whole rounds.

    A whole round is as long as the hardware's longest round, for a cell may not be measured.
    """
    lengths = Counter((trial.hardware, trial.round) for trial in trials if trial.purpose == "measure")
    whole: Counter[str] = Counter()
    for (hardware, _), length in lengths.items():
        longest = max(other for (of, _), other in lengths.items() if of == hardware)
        whole[hardware] += length == longest
    return min(whole.values(), default=0)
