"""What an experiment may name: its axes, and the values that each of them can have."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from benchmark_lab.bundle import Scalar
from benchmark_lab.catalog import Catalog, Parameter
from benchmark_lab.diagnostics import Code, Diagnostic, nearest
from benchmark_lab.experiment import ExperimentFile
from benchmark_lab.experiment.file import read_workers
from benchmark_lab.resolve.loads import levels_of
from benchmark_lab.source import Document, Path

AXES = ("implementation", "server", "workers", "scenario", "hardware")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Scope:
    """The names that stand for something in one experiment."""

    document: Document
    names: Mapping[str, tuple[Scalar, ...]]
    """The known values of each axis whose values are names."""
    parameters: Mapping[str, tuple[Parameter, ...]]
    """The declarations of each parameter, by the implementations and scenarios that the experiment uses."""

    @property
    def axes(self) -> tuple[str, ...]:
        """Every axis there is."""
        return (*AXES, *(axis for axis in self.names if axis not in AXES), *sorted(self.parameters))

    def check(self, axis: str, value: Scalar, path: Path) -> Iterator[Diagnostic]:
        """Yield what is wrong with one value of a known axis."""
        span = self.document.span(path)
        if axis == "workers":
            try:
                read_workers(value)
            except ValueError as error:
                yield Diagnostic(Code.MALFORMED, f"`workers` {error}", span)
        elif axis in self.names:
            known = self.names[axis]
            if value not in known:
                texts = [str(name) for name in known]
                advice = f"known: {', '.join(texts) or 'none'}"
                yield Diagnostic(
                    Code.UNKNOWN_NAME, f"unknown {axis} `{value}`", span, nearest(str(value), texts), advice
                )
        else:
            problems = (parameter.problem(value) for parameter in self.parameters[axis])
            if problem := next(filter(None, problems), ""):
                description = self.parameters[axis][0].description
                yield Diagnostic(Code.BAD_PARAMETER, f"`{axis}` {problem}", span, help=description)

    def unknown_axis(self, axis: str, path: Path | None) -> Diagnostic:
        """Say that nothing in the experiment declares `axis`; no path where a flag names it."""
        message = f"`{axis}` is neither an axis nor a parameter of this experiment's implementations and scenarios"
        advice = f"known: {', '.join(self.axes)}"
        span = None if path is None else self.document.key_span(path)
        return Diagnostic(Code.UNKNOWN_AXIS, message, span, nearest(axis, self.axes), advice)


def scope_of(document: Document, file: ExperimentFile, catalog: Catalog) -> Scope:
    """Gather the names that `file` may use: all of the catalog's, and the parameters of what it uses."""
    entries = file.matrix.include
    implementations = _used(file.matrix.implementation, "implementation", entries, catalog.implementations)
    scenarios = _used(file.matrix.scenario, "scenario", entries, catalog.scenarios)
    parameters: dict[str, tuple[Parameter, ...]] = {}
    for declared in (*(part.parameters for part in implementations), *(part.parameters for part in scenarios)):
        for name, parameter in declared.items():
            parameters[name] = (*parameters.get(name, ()), parameter)
    servers = {server for implementation in catalog.implementations.values() for server in implementation.servers}
    names: dict[str, tuple[Scalar, ...]] = {
        "implementation": tuple(catalog.implementations),
        "server": tuple(sorted(servers)),
        "scenario": tuple(catalog.scenarios),
        "hardware": tuple(hardware.name for hardware in file.hardware) or ("default",),
    }
    levels = levels_of(file.load)
    names |= {level.axis: tuple(step.value for step in levels) for level in levels[:1] if level.axis}
    return Scope(document, names, parameters)


def _used(
    names: Iterable[str], axis: str, entries: Iterable[Mapping[str, Scalar]], known: Mapping[str, T]
) -> tuple[T, ...]:
    wanted = (*names, *(str(entry.get(axis)) for entry in entries))
    return tuple(known[name] for name in dict.fromkeys(wanted) if name in known)
