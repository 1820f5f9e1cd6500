"""When the rounds of a run may end before the last."""

from __future__ import annotations

from collections.abc import Sequence

from benchmark_lab.bundle import Experiment
from benchmark_lab.records import CellSummary, Trial
from benchmark_lab.results.comparisons import LOOK_CONFIDENCE, questions_of
from benchmark_lab.statistics import ratio


def precise_enough(
    experiment: Experiment, cells: Sequence[CellSummary], trials: Sequence[Trial], labels: tuple[str, ...]
) -> bool:
    """Whether the rounds of `cells` may end: every ranked contrast among them has the half-width that was asked for.

    A contrast with a cell that has no trial at all is not waited for: its implementation is not being measured.
    """
    wanted = experiment.rounds.ci_half_width
    if wanted is None:
        return False
    measured = {cell.cell: cell for cell in cells if cell.trials}
    contrasts = [pair for pair in experiment.contrasts if {pair.baseline, pair.candidate} <= measured.keys()]
    questions = [
        question
        for question in questions_of(contrasts, measured, trials, labels, ())
        if question.unranked_reason is None
    ]
    if any(question.sides.n < max(experiment.rounds.min, 2) for question in questions):
        return False
    return ratio.settled([question.sides.log_ratio() for question in questions], wanted, LOOK_CONFIDENCE)
