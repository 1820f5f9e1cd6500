"""Compares trials of two cells, or of two runs of one cell: ratios with intervals, and what the ratios answer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import geometric_mean

from benchmark_lab.bundle import Contrast, Experiment
from benchmark_lab.judge.metrics import METRICS
from benchmark_lab.records import CellSummary, MetricComparison, Trial
from benchmark_lab.results.metrics import compared_by_default, unranked_reason, value_of
from benchmark_lab.statistics import decision, ratio
from benchmark_lab.statistics.ratio import FEWEST_ROUNDS, LogRatio

LOOK_CONFIDENCE = 0.99
"""Confidence of a look after every round: stricter than the reported 95 %, as looks inflate the error (METHOD 17)."""


@dataclass(frozen=True, slots=True)
class Sides:
    """The positive values of one metric on both sides; if `paired`, the values of each pair are of the same round."""

    baseline: tuple[float, ...]
    candidate: tuple[float, ...]
    paired: bool

    @property
    def n(self) -> int:
        """Return the number of rounds, or the smaller number of trials if the sides are unpaired."""
        return min(len(self.baseline), len(self.candidate))

    def ratio(self) -> float | None:
        """Return the ratio of the geometric means; None where a side is empty."""
        return geometric_mean(self.candidate) / geometric_mean(self.baseline) if self.n else None

    def log_ratio(self) -> LogRatio:
        """Return the logarithm of the ratio; each side needs two values."""
        return (ratio.of_pairs if self.paired else ratio.of_runs)(self.baseline, self.candidate)

    def bootstrap(self, seed: int) -> tuple[float, float]:
        """Return the interval of the cross-check."""
        return (ratio.bootstrap_of_pairs if self.paired else ratio.bootstrap_of_runs)(
            self.baseline, self.candidate, seed
        )


@dataclass(frozen=True, slots=True)
class Question:
    """One comparison to make: the sides by name and in numbers, and the reason, if any, not to rank the comparison."""

    baseline: str
    candidate: str
    metric: str
    sides: Sides
    unranked_reason: str | None


def sides_of(baseline: Iterable[Trial], candidate: Iterable[Trial], metric: str, *, paired: bool) -> Sides:
    """Return both sides' valid values; if paired, only values of the rounds in which both sides are valid.

    There are no values where an informative metric was 0 in some round, since a ratio of the other values would
    mislead.
    """
    values_a, values_b = (
        {
            trial.round: value
            for trial in trials
            if trial.verdict == "valid" and (value := value_of(trial, metric)) is not None
        }
        for trials in (baseline, candidate)
    )
    if 0 in (*values_a.values(), *values_b.values()):
        return Sides((), (), paired=paired)
    if not paired:
        return Sides(tuple(values_a.values()), tuple(values_b.values()), paired=False)
    rounds = sorted(values_a.keys() & values_b.keys())
    return Sides(tuple(values_a[r] for r in rounds), tuple(values_b[r] for r in rounds), paired=True)


def compare_cells(
    experiment: Experiment,
    cells: Sequence[CellSummary],
    trials: Sequence[Trial],
    labels: tuple[str, ...],
    metrics: tuple[str, ...] = (),
) -> tuple[MetricComparison, ...]:
    """Answer every contrast of the experiment for each of `metrics`, by default for the metrics of its load."""
    questions = questions_of(experiment.contrasts, {cell.cell: cell for cell in cells}, trials, labels, metrics)
    return answer(questions, experiment.seed)


def answer(questions: Sequence[Question], seed: int) -> tuple[MetricComparison, ...]:
    """Answer all questions that one table shows; Holm's correction is over the ranked questions of the table."""
    ratios = [question.sides.log_ratio() if question.sides.n >= FEWEST_ROUNDS else None for question in questions]
    ranked = [i for i, found in enumerate(ratios) if found and questions[i].unranked_reason is None]
    adjusted = dict(zip(ranked, decision.holm([found.p_value() for i in ranked if (found := ratios[i])]), strict=True))
    return tuple(
        _answered(question, found, adjusted.get(i), len(ranked), seed) if found else _unanswered(question)
        for i, (question, found) in enumerate(zip(questions, ratios, strict=True))
    )


def questions_of(
    contrasts: Sequence[Contrast],
    cells: Mapping[str, CellSummary],
    trials: Sequence[Trial],
    labels: tuple[str, ...],
    metrics: tuple[str, ...],
) -> list[Question]:
    """Return the questions of each contrast, metric by metric, with the pairs of trials that answer each question."""
    of_cell: dict[str, list[Trial]] = defaultdict(list)
    for trial in trials:
        if trial.purpose == "measure":
            of_cell[trial.cell].append(trial)
    found = []
    for contrast in contrasts:
        pair = cells[contrast.baseline], cells[contrast.candidate]
        if pair[0].search or pair[1].search:
            continue  # one search a cell has no rounds to pair
        model = pair[0].load_model
        asked = metrics or compared_by_default(model)
        paired = pair[0].axes["hardware"] == pair[1].axes["hardware"]
        for metric in asked:
            sides = sides_of(of_cell[contrast.baseline], of_cell[contrast.candidate], metric, paired=paired)
            if sides.n or metric == asked[0]:  # the first stands even where nothing was valid
                reason = unranked_reason(metric, model, labels, pair)
                found.append(Question(contrast.baseline, contrast.candidate, metric, sides, reason))
    return found


def _unanswered(question: Question) -> MetricComparison:
    """Return the comparison of a question with too few rounds for an interval: the ratio so far, if there is one."""
    return MetricComparison(
        baseline=question.baseline,
        candidate=question.candidate,
        metric=question.metric,
        unit=METRICS[question.metric].unit,
        ranked=question.unranked_reason is None,
        unranked_reason=question.unranked_reason,
        paired=question.sides.paired,
        n=question.sides.n,
        ratio=question.sides.ratio(),
        answer="no interval" if question.unranked_reason is None else "not ranked",
    )


def _answered(
    question: Question, found: LogRatio, p_value_holm: float | None, comparisons: int, seed: int
) -> MetricComparison:
    low, high = found.interval()
    bootstrap_low, bootstrap_high = question.sides.bootstrap(seed)
    outcome = "not ranked" if p_value_holm is None else decision.outcome(found, p_value_holm)
    return _unanswered(question).model_copy(
        update={
            "low": low,
            "high": high,
            "bootstrap_low": bootstrap_low,
            "bootstrap_high": bootstrap_high,
            "p_value": found.p_value(),
            "p_value_holm": p_value_holm,
            "answer": outcome,
            "rounds_needed": decision.rounds_needed(found, comparisons=comparisons)
            if outcome == "inconclusive"
            else None,
            "smallest_detectable": decision.smallest_detectable(found),
        }
    )
