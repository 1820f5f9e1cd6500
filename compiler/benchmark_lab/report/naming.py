"""Cells named by what tells them apart, as tables and sentences do it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from benchmark_lab.bundle import Scalar
from benchmark_lab.records import CellSummary, MetricComparison, Summary
from benchmark_lab.results.runs import RunComparison

Axes = Mapping[str, Scalar]


@dataclass(frozen=True, slots=True)
class ContrastNames:
    """The two sides by the axes they differ in, and `condition`: the axes they share."""

    baseline: str
    candidate: str
    condition: str


@dataclass(frozen=True, slots=True)
class Naming:
    """The names of one summary's cells; `axes` are those that tell them apart, in the fixed order."""

    cells: Mapping[str, Axes]
    axes: tuple[str, ...]

    def cell(self, cell: str) -> str:
        """The cell by every axis that tells it from another; an only cell by its id."""
        return self._words(cell, self.axes) or cell

    def cell_in_two_lines(self, cell: str) -> str:
        """The cell by its first axis, and on a second line by the others."""
        first, _, others = self.cell(cell).partition(", ")
        return f"{first}\n{others}" if others else first

    def shared(self, cells: Sequence[str]) -> str:
        """Cells by the axes that they share: of those that tell cells apart, or else what serves which scenario."""
        first = self.cells[cells[0]]
        shared = [axis for axis in self.axes if all(self.cells[cell].get(axis) == first.get(axis) for cell in cells)]
        return self._words(cells[0], shared or ("implementation", "server", "scenario"))

    def contrast(self, baseline: str, candidate: str) -> ContrastNames:
        """Both sides, by what they differ in, and what they share."""
        one, other = self.cells[baseline], self.cells[candidate]
        differing = [axis for axis in self.axes if one.get(axis) != other.get(axis)]
        shared = [axis for axis in self.axes if axis not in differing]
        return ContrastNames(
            self._words(baseline, differing), self._words(candidate, differing), self._words(baseline, shared)
        )

    def _words(self, cell: str, axes: Sequence[str]) -> str:
        axes_of_cell = self.cells[cell]
        return ", ".join(value_in_words(axis, axes_of_cell[axis]) for axis in axes if axis in axes_of_cell)


def naming(cells: Sequence[CellSummary]) -> Naming:
    """Name cells by as few axes as tell them apart: a server that follows from the implementation is left out."""
    kept: list[str] = []
    groups = 1
    for axis in dict.fromkeys(axis for cell in cells for axis in cell.axes):
        refined = len({tuple(str(cell.axes.get(name)) for name in (*kept, axis)) for cell in cells})
        if refined > groups:
            kept.append(axis)
            groups = refined
    return Naming({cell.cell: cell.axes for cell in cells}, tuple(kept))


def summary_names(summary: Summary) -> Callable[[MetricComparison], ContrastNames]:
    """How a summary's comparisons name their sides."""
    names = naming(summary.cells)
    return lambda comparison: names.contrast(comparison.baseline, comparison.candidate)


def side_names(compared: RunComparison) -> Callable[[MetricComparison], ContrastNames]:
    """How to name the sides: by the axes two cells differ in, or by the runs that measured one cell."""
    names = naming(compared.cells)

    def of(comparison: MetricComparison) -> ContrastNames:
        if comparison.baseline != comparison.candidate:
            return names.contrast(comparison.baseline, comparison.candidate)
        return ContrastNames(compared.baseline_run, compared.candidate_run, names.cell(comparison.candidate))

    return of


def value_in_words(axis: str, value: Scalar) -> str:
    """`go-fiber`, `4 workers`, `page_size=50`."""
    match axis:
        case "implementation" | "server" | "scenario" | "hardware":
            return str(value)
        case "workers":
            return f"{value} worker" if value == 1 else f"{value} workers"
        case _:
            return f"{axis}={value}"
