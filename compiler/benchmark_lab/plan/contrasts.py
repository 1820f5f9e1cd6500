"""Turns combinations and the baseline into contrasts: which cell is compared with which."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter

from benchmark_lab.bundle import Scalar
from benchmark_lab.catalog import text_of
from benchmark_lab.diagnostics import Code, Diagnostic
from benchmark_lab.plan.combination import Combination
from benchmark_lab.resolve import ResolvedExperiment, Selector
from benchmark_lab.resolve.loads import LEVEL_AXES
from benchmark_lab.source.reading import listing


@dataclass(frozen=True, slots=True)
class Pairing:
    """Pairs of the cells' positions, baseline first, and the number of cells that found no partner."""

    pairs: tuple[tuple[int, int], ...]
    alone: int


def pair(experiment: ResolvedExperiment, combinations: Sequence[Combination]) -> tuple[Pairing, tuple[Diagnostic, ...]]:
    """Pair each combination outside the baseline with the baseline's nearest combination of the same circumstances.

    Circumstances are the scenario, the step of the load, the hardware and the scenario's parameters. Hardware and
    parameters that the baseline names are no circumstances. The nearest combination shares the most of the other axes.
    Where the experiment has no baseline, the first implementation, server and number of workers among equal
    circumstances is the baseline.
    """
    baseline = experiment.baseline
    if baseline is not None and not any(combination.matches(baseline) for combination in combinations):
        return Pairing((), 0), (_no_baseline(experiment, baseline, combinations),)
    groups: dict[tuple[object, ...], list[int]] = defaultdict(list)
    for position, combination in enumerate(combinations):
        groups[_circumstances(combination, baseline.axes if baseline else ())].append(position)
    pairs: list[tuple[int, int]] = []
    alone = 0
    for group in groups.values():
        chosen = _baseline_of(group, combinations, baseline)
        for candidate in (position for position in group if position not in chosen):
            nearest = _nearest(candidate, chosen, combinations)
            if len(nearest) > 1 and baseline is not None:
                # One is enough: the others are ambiguous for the same reason.
                return Pairing((), 0), (_ambiguous(experiment, candidate, nearest, combinations),)
            if nearest:
                pairs.append((nearest[0], candidate))
            else:
                alone += 1
    return Pairing(tuple(sorted(pairs, key=itemgetter(1))), alone), ()


def _circumstances(combination: Combination, varied: Collection[str]) -> tuple[object, ...]:
    values = {**combination.parts.defaults, **combination.chosen, "hardware": combination.hardware.name}
    fixed = (values[name] for name in ("hardware", *combination.parts.scenario.parameters) if name not in varied)
    return (combination.parts.scenario_name, combination.level.value, *fixed)


def _baseline_of(
    group: Sequence[int], combinations: Sequence[Combination], baseline: Selector | None
) -> dict[int, dict[str, Scalar]]:
    """Return the baseline's positions within a group, with the axes by which a position can be near to a candidate."""
    if baseline is not None:
        chosen = [position for position in group if combinations[position].matches(baseline)]
    else:
        first = _alternatives(combinations[group[0]])
        chosen = [position for position in group if _alternatives(combinations[position]) == first]
    return {position: _remaining(combinations[position]) for position in chosen}


def _alternatives(combination: Combination) -> tuple[Scalar, ...]:
    return (combination.parts.implementation_name, combination.server, combination.workers)


def _remaining(combination: Combination) -> dict[str, Scalar]:
    given = combination.parts.scenario.parameters
    return {
        axis: value
        for axis, value in combination.axes.items()
        if axis not in given and axis not in ("scenario", "hardware", *LEVEL_AXES)
    }


def _nearest(
    candidate: int, chosen: Mapping[int, Mapping[str, Scalar]], combinations: Sequence[Combination]
) -> list[int]:
    """Return the positions of `chosen` that share the most values with the candidate."""
    axes = _remaining(combinations[candidate])
    shared = {
        position: sum(1 for axis, value in remaining.items() if axes.get(axis) == value)
        for position, remaining in chosen.items()
    }
    most = max(shared.values(), default=0)
    return [position for position, number in shared.items() if number == most]


def _no_baseline(experiment: ResolvedExperiment, baseline: Selector, combinations: Sequence[Combination]) -> Diagnostic:
    """Say which of the baseline's values no cell has, or that no cell has all the values together."""
    path, advice = baseline.path, "some cells have each of these values, none has them together"
    for axis in baseline.axes:
        alone = baseline.only(axis)
        if not any(combination.matches(alone) for combination in combinations):
            values = sorted({text_of(one.axes[axis]) for one in combinations if axis in one.axes})
            path, advice = (*baseline.path, axis), f"cells have {axis} {', '.join(values)}"
    return Diagnostic(Code.NO_BASELINE, "the baseline matches no cell", experiment.document.span(path), help=advice)


def _ambiguous(
    experiment: ResolvedExperiment, candidate: int, nearest: Sequence[int], combinations: Sequence[Combination]
) -> Diagnostic:
    """Name the axes in which the equally near cells differ: one of these axes has to be added to the baseline."""
    axes = [_remaining(combinations[position]) for position in nearest]
    differing = [axis for axis in axes[0] if len({str(values.get(axis)) for values in axes}) > 1]
    parts = combinations[candidate].parts
    message = f"{len(nearest)} baseline cells are equally near to {parts.implementation_name} in {parts.scenario_name}"
    span = experiment.document.span(("baseline",))
    return Diagnostic(Code.AMBIGUOUS_BASELINE, message, span, help=f"add {listing(differing, 'or')} to the baseline")
