"""The experiment's criteria, evaluated over the cells' medians."""

from __future__ import annotations

import operator
import statistics
from collections.abc import Callable, Mapping, Sequence
from typing import assert_never

from benchmark_lab.bundle import Arithmetic, Criterion, Metric, Number, Operand
from benchmark_lab.run import CellSummary, CriterionResult

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


def evaluate(criterion: Criterion, cells: Sequence[CellSummary]) -> CriterionResult:
    """Whether the criterion held; undecided where a side has no figure."""
    left, right = _value(criterion.left, cells), _value(criterion.right, cells)
    held = None if left is None or right is None else COMPARE[criterion.operator](left, right)
    return CriterionResult(text=criterion.text, held=held, left=left, right=right)


def _value(operand: Operand, cells: Sequence[CellSummary]) -> float | None:
    match operand:
        case Number():
            return operand.value
        case Metric():
            return _median(operand, cells)
        case Arithmetic():
            left, right = _value(operand.left, cells), _value(operand.right, cells)
            if left is None or right is None or (operand.operator == "/" and right == 0):
                return None
            return COMPUTE[operand.operator](left, right)
        case _:
            assert_never(operand)


def _median(metric: Metric, cells: Sequence[CellSummary]) -> float | None:
    """The median of the selected cells' medians; none where one of them has no figure, or only a bound of it."""
    selected = [cell for cell in cells if metric.where.items() <= cell.axes.items()]
    if metric.name == "throughput_rps" and any(cell.throughput_at_least_rps is not None for cell in selected):
        return None
    estimates = [cell.metrics.get(metric.name) for cell in selected]
    medians = [estimate.median for estimate in estimates if estimate]
    return statistics.median(medians) if medians and len(medians) == len(selected) else None
