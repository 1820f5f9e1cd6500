"""Decides when the rounds of a run may end before the last round."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from benchmark_lab.bundle import Contrast, Experiment
from benchmark_lab.records import CellSummary, Trial
from benchmark_lab.results.comparisons import LOOK_CONFIDENCE, questions_of
from benchmark_lab.statistics import ratio


def may_end(
    experiment: Experiment, cells: Sequence[CellSummary], trials: Sequence[Trial], labels: tuple[str, ...]
) -> bool:
    """True if the rounds of `cells` may end: each cell has the fewest valid trials, or each ranked contrast is settled.

    The trials count where the experiment asks for no half-width of an interval. The contrasts count where the
    experiment asks for a half-width, each contrast with at least `rounds.min` rounds. The rounds do not wait for a
    contrast with a cell that has no trial at all: the cell's implementation is not being measured.
    """
    wanted, least = experiment.rounds.ci_half_width, experiment.rounds.min
    measured = {cell.cell: cell for cell in cells if cell.trials}
    contrasts = [pair for pair in experiment.contrasts if {pair.baseline, pair.candidate} <= measured.keys()]
    if wanted is None:
        return _nothing_lost(contrasts, measured, trials, least)
    questions = [
        question
        for question in questions_of(contrasts, measured, trials, labels, ())
        if question.unranked_reason is None
    ]
    if any(question.sides.n < max(least, 2) for question in questions):
        return False
    return ratio.settled([question.sides.log_ratio() for question in questions], wanted, LOOK_CONFIDENCE)


def _nothing_lost(
    contrasts: Sequence[Contrast], cells: Mapping[str, CellSummary], trials: Sequence[Trial], least: int
) -> bool:
    """True if each cell still measured has the fewest valid trials, and each contrast of these cells as many pairs."""
    going_on = {name for name, cell in cells.items() if cell.retired is None}
    rounds: dict[str, set[int]] = {name: set() for name in going_on}
    for trial in trials:
        if trial.cell in going_on and trial.purpose == "measure" and trial.verdict == "valid":
            rounds[trial.cell].add(trial.round)
    pairs = [rounds[of.baseline] & rounds[of.candidate] for of in contrasts if {of.baseline, of.candidate} <= going_on]
    return all(len(found) >= least for found in (*rounds.values(), *pairs))
