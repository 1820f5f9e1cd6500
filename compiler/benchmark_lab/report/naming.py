"""Names cells by what tells the cells apart, as tables and sentences do."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from benchmark_lab.bundle import Scalar
from benchmark_lab.records import CellSummary, MetricComparison, Summary
from benchmark_lab.results.runs import RunComparison

Axes = Mapping[str, Scalar]


@dataclass(frozen=True, slots=True)
class ContrastNames:
    """The two sides of a contrast by the axes that differ, and `condition`: the axes that both sides share."""

    baseline: str
    candidate: str
    condition: str


@dataclass(frozen=True, slots=True)
class Naming:
    """The names of one summary's cells; `axes` are the axes that tell the cells apart, in the fixed order."""

    cells: Mapping[str, Axes]
    axes: tuple[str, ...]

    def cell(self, cell: str) -> str:
        """Name the cell by every axis that tells the cell from another; name an only cell by its id."""
        return self._words(cell, self.axes) or cell

    def cell_in_two_lines(self, cell: str) -> str:
        """Name the cell by its first axis, and on a second line by the other axes."""
        first, _, others = self.cell(cell).partition(", ")
        return f"{first}\n{others}" if others else first

    def shared(self, cells: Sequence[str]) -> str:
        """Name cells by the axes that the cells share.

        Only axes that tell cells apart count. Where the cells share no such axis, the name says what serves which
        scenario.
        """
        first = self.cells[cells[0]]
        shared = [axis for axis in self.axes if all(self.cells[cell].get(axis) == first.get(axis) for cell in cells)]
        return self._words(cells[0], shared or ("implementation", "server", "scenario"))

    def contrast(self, baseline: str, candidate: str) -> ContrastNames:
        """Name both sides by what the sides differ in, and the condition by what the sides share."""
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
    """Name cells by as few axes as tell the cells apart: a server that follows from the implementation is left out."""
    kept: list[str] = []
    groups = 1
    for axis in dict.fromkeys(axis for cell in cells for axis in cell.axes):
        refined = len({tuple(str(cell.axes.get(name)) for name in (*kept, axis)) for cell in cells})
        if refined > groups:
            kept.append(axis)
            groups = refined
    return Naming({cell.cell: cell.axes for cell in cells}, tuple(kept))


def summary_names(summary: Summary) -> Callable[[MetricComparison], ContrastNames]:
    """Return the function that names the sides of a summary's comparisons."""
    names = naming(summary.cells)
    return lambda comparison: names.contrast(comparison.baseline, comparison.candidate)


def side_names(compared: RunComparison) -> Callable[[MetricComparison], ContrastNames]:
    """Return the function that names the sides: by the axes two cells differ in, or by the runs of one cell."""
    names = naming(compared.cells)

    def of(comparison: MetricComparison) -> ContrastNames:
        if comparison.baseline != comparison.candidate:
            return names.contrast(comparison.baseline, comparison.candidate)
        return ContrastNames(compared.baseline_run, compared.candidate_run, names.cell(comparison.candidate))

    return of


def value_in_words(axis: str, value: Scalar) -> str:
    """Write an axis's value in words: `go-fiber`, `4 workers`, `page_size=50`."""
    match axis:
        case "implementation" | "server" | "scenario" | "hardware":
            return str(value)
        case "workers":
            return f"{value} worker" if value == 1 else f"{value} workers"
        case _:
            return f"{axis}={value}"
