"""Evaluates the experiment's criteria over the cells' medians."""

from __future__ import annotations

import operator
import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import permutations
from typing import assert_never

from benchmark_lab.bundle import Arithmetic, Criterion, LiteralNumber, MetricRef, Operand
from benchmark_lab.records import CellSummary, CriterionResult
from benchmark_lab.results.metrics import INFORMATIVE, unranked_reason

COMPARE: Mapping[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}

COMPUTE: Mapping[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
}


def evaluate(criterion: Criterion, cells: Sequence[CellSummary], labels: tuple[str, ...]) -> CriterionResult:
    """Say whether the criterion held.

    The criterion is undecided where a side has no figure, or where the criterion compares what the method does not
    rank.
    """
    left, right = _value(criterion.left, cells), _value(criterion.right, cells)
    reason = next(_unranked_reasons(criterion, cells, labels), None)
    held = None if left is None or right is None or reason else COMPARE[criterion.operator](left, right)
    return CriterionResult(text=criterion.text, held=held, unranked_reason=reason, left=left, right=right)


def _unranked_reasons(criterion: Criterion, cells: Sequence[CellSummary], labels: tuple[str, ...]) -> Iterator[str]:
    """Yield why the method forbids to rank cells that the criterion compares, under the load of either cell."""
    for metric, pair in _compared(criterion, cells):
        for model in dict.fromkeys(cell.load_model for cell in pair):
            reason = unranked_reason(metric, model, labels, pair)
            if reason and reason != INFORMATIVE:  # a criterion may well be about why
                yield reason


def _compared(
    criterion: Criterion, cells: Sequence[CellSummary]
) -> Iterator[tuple[str, tuple[CellSummary, CellSummary]]]:
    """Yield each metric that two operands have, with a cell of one operand and its counterpart in the other."""
    for metric, other in permutations((*_metrics(criterion.left), *_metrics(criterion.right)), 2):
        if metric.name == other.name:
            for cell in _selected(metric, cells):
                for counterpart in _counterparts(cell, _selected(other, cells)):
                    yield metric.name, (counterpart, cell)


def _metrics(operand: Operand) -> Iterator[MetricRef]:
    match operand:
        case LiteralNumber():
            return
        case MetricRef():
            yield operand
        case Arithmetic():
            yield from _metrics(operand.left)
            yield from _metrics(operand.right)
        case _:
            assert_never(operand)


def _selected(metric: MetricRef, cells: Sequence[CellSummary]) -> list[CellSummary]:
    return [cell for cell in cells if metric.where.items() <= cell.axes.items()]


def _counterparts(cell: CellSummary, others: Sequence[CellSummary]) -> list[CellSummary]:
    """Return the other cells that are most like the cell, such as cells of the same scenario.

    There are none where the cell itself is among the cells most alike.
    """
    alike = [len(cell.axes.items() & other.axes.items()) for other in others]
    nearest = [other for other, axes in zip(others, alike, strict=True) if axes == max(alike)]
    return [] if cell in nearest else nearest


def _value(operand: Operand, cells: Sequence[CellSummary]) -> float | None:
    match operand:
        case LiteralNumber():
            return operand.value
        case MetricRef():
            return _median(operand, cells)
        case Arithmetic():
            left, right = _value(operand.left, cells), _value(operand.right, cells)
            if left is None or right is None or (operand.operator == "/" and right == 0):
                return None
            return COMPUTE[operand.operator](left, right)
        case _:
            assert_never(operand)


def _median(metric: MetricRef, cells: Sequence[CellSummary]) -> float | None:
    """Return the median of the selected cells' medians.

    There is no median where one cell is retired, has no figure, or has only a bound of the figure.
    """
    selected = _selected(metric, cells)
    if any(cell.retired for cell in selected):
        return None
    if metric.name == "throughput_rps" and any(cell.throughput_at_least_rps is not None for cell in selected):
        return None
    estimates = [cell.metrics.get(metric.name) for cell in selected]
    medians = [estimate.median for estimate in estimates if estimate]
    return statistics.median(medians) if medians and len(medians) == len(selected) else None
