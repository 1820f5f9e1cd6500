"""Turns an Experiment's matrix into combinations, as GitHub Actions does: product, then `exclude`, then `include`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from benchmark_lab.bundle import Hardware
from benchmark_lab.diagnostics import Code, Diagnostic, raise_all
from benchmark_lab.plan.combination import Combination, evaluate
from benchmark_lab.plan.product import FoundCombination, Identity, Product, RuledOut, combine, mentioned, parts_of
from benchmark_lab.resolve import Choice, ResolvedExperiment, Selector
from benchmark_lab.resolve.loads import LEVEL_AXES
from benchmark_lab.resolve.scope import AXES
from benchmark_lab.source import Expression, Path


@dataclass(frozen=True, slots=True)
class Expanded:
    """The combinations of an experiment in the order of their axes, the combinations that cannot be, and notes."""

    combinations: tuple[Combination, ...]
    ruled_out: tuple[RuledOut, ...]
    notes: tuple[str, ...]


def expand(experiment: ResolvedExperiment) -> Expanded:
    """Return the combinations; InvalidExperimentError tells of values and entries that lead to no combination."""
    outcome = combine(experiment)
    found, unused_excludes = _exclude(experiment, outcome.found)
    combinations, bad_includes = _include(experiment, found)
    problems = [*unused_excludes, *bad_includes]
    if not combinations:
        problems.append(_empty(experiment, outcome))
    else:
        problems += _unused(experiment, outcome, found.values())
    raise_all(problems)
    notes = (f"{equal}: measured once for {', '.join(where)}." for equal, where in outcome.merged.items())
    return Expanded(combinations, tuple(outcome.ruled_out.values()), tuple(notes))


def _exclude(
    experiment: ResolvedExperiment, found: dict[Identity, FoundCombination]
) -> tuple[dict[Identity, FoundCombination], list[Diagnostic]]:
    problems = []
    excluded: set[Identity] = set()
    for selector in experiment.exclude:
        matching = [identity for identity, entry in found.items() if entry.combination.matches(selector)]
        excluded.update(matching)
        if not matching:
            span = experiment.document.span(selector.path)
            problems.append(Diagnostic(Code.NO_EFFECT, "this `exclude` entry removes nothing", span))
    return {identity: entry for identity, entry in found.items() if identity not in excluded}, problems


def _include(
    experiment: ResolvedExperiment, found: dict[Identity, FoundCombination]
) -> tuple[tuple[Combination, ...], list[Diagnostic]]:
    """Extend the combinations that an entry agrees with by the parameters it adds, or add a combination of its own."""
    problems: list[Diagnostic] = []
    base = [entry.combination for entry in found.values()]
    added: list[Combination] = []
    original = {*AXES, *LEVEL_AXES, *experiment.parameters}
    for selector in experiment.include:
        extra = {axis: value for axis, value in selector.values.items() if axis not in original}
        agreeing = replace(selector, values={axis: v for axis, v in selector.values.items() if axis in original})
        extended = [one.choosing(extra) if one.matches(agreeing) else one for one in base]
        if extended != base:
            base = extended
        elif any(one.matches(agreeing) for one in base):
            span = experiment.document.span(selector.path)
            problems.append(Diagnostic(Code.NO_EFFECT, "this `include` entry adds nothing", span))
        else:
            match _included(experiment, selector):
                case Diagnostic() as problem:
                    problems.append(problem)
                case combination:
                    added.append(combination)
    unique = {combination.identity: combination for combination in (*base, *added)}
    return tuple(unique.values()), problems


def _included(experiment: ResolvedExperiment, selector: Selector) -> Combination | Diagnostic:
    """Make the combination that an entry of `include` describes by itself."""

    def impossible(why: str) -> Diagnostic:
        message = f"this `include` entry agrees with no cell and cannot be one itself: {why}"
        return Diagnostic(Code.IMPOSSIBLE_INCLUDE, message, experiment.document.span(selector.path))

    values = selector.values
    if missing := [axis for axis in ("implementation", "scenario") if axis not in values]:
        return impossible(f"it lacks {' and '.join(missing)}")
    parts = parts_of(experiment, str(values["implementation"]), str(values["scenario"]))
    server = str(values.get("server", parts.implementation.default_server))
    hardware = [one.value for one in experiment.hardware if values.get("hardware", one.value.name) == one.value.name]
    workers = [one.value for one in experiment.workers] if selector.workers is None else [selector.workers]
    levels = [level for level in experiment.levels if values.get(level.axis, level.value) == level.value]
    if lacking := [
        axis
        for axis, choices in (("hardware", hardware), ("workers", workers), (levels[0].axis, levels))
        if len(choices) > 1
    ]:
        return impossible(f"it lacks {' and '.join(lacking)}")
    if server not in parts.implementation.servers:
        return impossible(f"{parts.implementation_name} has no server {server}")
    chosen = {name: value for name, value in values.items() if name not in (*AXES, *LEVEL_AXES)}
    if undeclared := sorted(chosen.keys() - parts.declared.keys()):
        return impossible(f"{parts.implementation_name} and {parts.scenario_name} have no parameter {undeclared[0]}")
    count = evaluate(workers[0], parts.implementation.servers[server], hardware[0])
    allowed = parts.implementation.servers[server].workers
    if count is None or not allowed.allow(count):
        return impossible(f"{parts.implementation_name} with {server} runs {allowed.words}")
    defaults = {name: parts.defaults[name] for name in mentioned(experiment) if name in parts.declared}
    return Combination(parts, server, count, hardware[0], {**defaults, **chosen}, levels[0])


def _empty(experiment: ResolvedExperiment, outcome: Product) -> Diagnostic:
    reasons = "; ".join(outcome.ruled_out) or "`exclude` removes every combination"
    return Diagnostic(Code.EMPTY_MATRIX, "the matrix has no cell", experiment.document.span(("matrix",)), help=reasons)


def _unused(
    experiment: ResolvedExperiment, outcome: Product, found: Iterable[FoundCombination]
) -> Iterator[Diagnostic]:
    """Yield each value of the experiment that led to no cell, with the reason."""
    used: set[Path] = set().union(*(entry.paths for entry in found))
    axes: tuple[tuple[Choice[object], ...], ...] = (
        experiment.implementations,
        experiment.servers,
        experiment.scenarios,
        *experiment.parameters.values(),
        experiment.workers,
        experiment.hardware,
    )
    for choice in (choice for choices in axes for choice in choices):
        path = choice.path
        if path in used:
            continue
        reasons = [entry.reason for entry in outcome.ruled_out.values() if path in entry.paths]
        span = experiment.document.span(path)
        advice = "; ".join(reasons) or "`exclude` removes all its combinations"
        yield Diagnostic(Code.UNUSED_VALUE, f"`{_name(choice.value)}` ends up in no cell", span, help=advice)


def _name(value: object) -> str:
    match value:
        case Expression(text=text):
            return text
        case Hardware(name=name):
            return name
        case _:
            return str(value)
