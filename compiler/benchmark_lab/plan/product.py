"""Turns the axes' values into combinations: their product, without what the manifests rule out."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field

from benchmark_lab.bundle import Scalar
from benchmark_lab.experiment.file import WorkerCount, workers_text
from benchmark_lab.plan.combination import Combination, Parts, evaluate
from benchmark_lab.resolve import Choice, ResolvedExperiment
from benchmark_lab.resolve.scope import AXES
from benchmark_lab.source import Path

Identity = tuple[object, ...]


@dataclass(slots=True)
class RuledOut:
    """Combinations that cannot be: why, how many, and where the values stand that do not go together."""

    reason: str
    combinations: int = 0
    paths: set[Path] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class FoundCombination:
    """A combination, how its workers were asked for, and the places of all values that lead to the combination."""

    combination: Combination
    workers: str
    paths: set[Path]


@dataclass(frozen=True, slots=True)
class Product:
    """The combinations by identity, in the order of their axes, and what became of the other combinations."""

    found: dict[Identity, FoundCombination] = field(default_factory=dict)
    ruled_out: dict[str, RuledOut] = field(default_factory=dict)
    merged: dict[str, dict[str, None]] = field(default_factory=dict)
    """Workers that are equal once evaluated, with the servers where the workers are equal, as an ordered set."""

    def rule_out(self, reason: str, combinations: int, paths: set[Path]) -> None:
        """Count combinations that cannot be."""
        entry = self.ruled_out.setdefault(reason, RuledOut(reason))
        entry.combinations += combinations
        entry.paths |= paths

    def add(self, combination: Combination, workers: WorkerCount, paths: set[Path]) -> None:
        """Add a combination; a combination that is there already is merged, as only workers can become equal."""
        text = workers_text(workers)
        first = self.found.setdefault(combination.identity, FoundCombination(combination, text, paths))
        if first.paths is not paths:
            first.paths.update(paths)
            equal = f"Workers `{first.workers}` and `{text}` are both {combination.workers}"
            self.merged.setdefault(equal, {})[combination.served] = None


def combine(experiment: ResolvedExperiment) -> Product:
    """Return the product of all axes."""
    outcome = Product()
    pairs = itertools.product(experiment.implementations, experiment.scenarios)
    parts = {(i.value, s.value): parts_of(experiment, i.value, s.value) for i, s in pairs}
    points = {names: _points(experiment, both) for names, both in parts.items()}
    for implementation, server, workers, scenario in itertools.product(
        experiment.implementations, experiment.servers, experiment.workers, experiment.scenarios
    ):
        names = (implementation.value, scenario.value)
        paths = {implementation.path, server.path, workers.path, scenario.path}
        name = server.value or parts[names].implementation.default_server
        manifest = parts[names].implementation.servers.get(name)
        if manifest is None:
            reason = f"{implementation.value} has no server {name}"
            culprits = {implementation.path, server.path}
            outcome.rule_out(reason, len(points[names]) * len(experiment.hardware) * len(experiment.levels), culprits)
            continue
        for (chosen, chosen_paths), hardware, level in itertools.product(
            points[names], experiment.hardware, experiment.levels
        ):
            all_paths = {*paths, *chosen_paths, hardware.path}
            count = evaluate(workers.value, manifest, hardware.value)
            culprits = {implementation.path, server.path, workers.path, hardware.path}
            if count is None:
                outcome.rule_out(f"{workers_text(workers.value)} divides by zero", 1, culprits)
            elif not manifest.workers.allow(count):
                outcome.rule_out(f"{implementation.value} with {name} runs {manifest.workers.words}", 1, culprits)
            else:
                combination = Combination(parts[names], name, count, hardware.value, chosen, level)
                outcome.add(combination, workers.value, all_paths)
    return outcome


def parts_of(experiment: ResolvedExperiment, implementation: str, scenario: str) -> Parts:
    """Find the manifests of an implementation and a scenario, and join the two manifests."""
    catalog = experiment.catalog
    return Parts.of(implementation, catalog.implementations[implementation], scenario, catalog.scenarios[scenario])


def mentioned(experiment: ResolvedExperiment) -> dict[str, tuple[Choice[Scalar] | None, ...]]:
    """Return the values of each parameter that the matrix or an include names; None is the manifest's default."""
    included = {axis for entry in experiment.include for axis in entry.values if axis not in AXES}
    return {**dict.fromkeys(sorted(included), (None,)), **experiment.parameters}


def _points(experiment: ResolvedExperiment, parts: Parts) -> list[tuple[dict[str, Scalar], set[Path]]]:
    """Return each choice of the mentioned parameters that the parts declare, and where its values stand."""
    axes = {name: choices for name, choices in mentioned(experiment).items() if name in parts.declared}
    points = []
    for choices in itertools.product(*axes.values()):
        named = dict(zip(axes, choices, strict=True))
        values = {name: choice.value if choice else parts.defaults[name] for name, choice in named.items()}
        points.append((values, {choice.path for choice in choices if choice}))
    return points
