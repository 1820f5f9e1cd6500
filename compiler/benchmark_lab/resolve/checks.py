"""What can be wrong with an experiment's names and values, each check in the order of the file's keys."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from benchmark_lab.bundle import Scalar
from benchmark_lab.catalog import Catalog
from benchmark_lab.diagnostics import Code, Diagnostic, nearest
from benchmark_lab.experiment import Changes, ExperimentFile
from benchmark_lab.experiment.criteria import metrics_of
from benchmark_lab.experiment.file import workers_text
from benchmark_lab.resolve.hardware import check_hosts
from benchmark_lab.resolve.loads import fewest_vus, levels_of
from benchmark_lab.resolve.scope import Scope
from benchmark_lab.source import Document, Path
from benchmark_lab.source.quantity import counted


def check(scope: Scope, file: ExperimentFile, catalog: Catalog, changes: Changes) -> Iterator[Diagnostic]:
    """Yield everything that names something unknown, or the same thing twice."""
    yield from _target(scope.document, file, catalog, changes)
    if file.target in catalog.targets:
        yield from check_hosts(scope.document, file, catalog)
    yield from _twice(scope.document, [value.name for value in file.hardware], ("hardware",))
    yield from _twice(scope.document, [workers_text(value) for value in file.workers], ("workers",))
    levels = levels_of(file.load)
    yield from _twice(scope.document, [level.value for level in levels], ("load", levels[0].axis))
    yield from _load_hosts(scope.document, file)
    yield from _matrix(scope, file)
    if file.baseline is not None:
        yield from _selector(scope, file.baseline, ("baseline",))
    for index, criterion in enumerate(file.criteria):
        for metric in (*metrics_of(criterion.left), *metrics_of(criterion.right)):
            for axis in metric.where:
                if axis not in scope.axes:
                    yield scope.unknown_axis(axis, ("criteria", index))
    for axis, _ in changes.only:
        if axis not in scope.axes:
            yield scope.unknown_axis(axis, None)


def _target(document: Document, file: ExperimentFile, catalog: Catalog, changes: Changes) -> Iterator[Diagnostic]:
    name = file.target
    if name in catalog.targets:
        return
    span = document.span(("target",)) if changes.target is None else None
    advice = f"known: {', '.join(catalog.targets) or 'none'}"
    yield Diagnostic(Code.UNKNOWN_NAME, f"unknown target `{name}`", span, nearest(name, catalog.targets), advice)


def _load_hosts(document: Document, file: ExperimentFile) -> Iterator[Diagnostic]:
    fewest = fewest_vus(file.load)
    for index, hardware in enumerate(file.hardware):
        count = hardware.load.count if hardware.load is not None else 1
        if count != "auto" and count > fewest:
            span = document.span(("hardware", index, "load", "count"))
            message = f"{count} load hosts cannot share {counted(fewest, 'virtual user')}"
            yield Diagnostic(Code.OUT_OF_RANGE, message, span, help="each needs one at least")


def _matrix(scope: Scope, file: ExperimentFile) -> Iterator[Diagnostic]:
    matrix = file.matrix
    named = {"implementation": matrix.implementation, "server": matrix.server, "scenario": matrix.scenario}
    axes: dict[str, tuple[Scalar, ...]] = {**named, **matrix.parameters}
    for axis, values in axes.items():
        path = ("matrix", axis)
        if axis in ("workers", "hardware"):
            message = f"`{axis}` stands beside `matrix`, not in it"
            yield Diagnostic(Code.UNKNOWN_KEY, message, scope.document.key_span(path), help=f"move `{axis}` to the top")
        elif axis in scope.axes:
            yield from _twice(scope.document, values, path)
            for index, value in enumerate(values):
                yield from scope.check(axis, value, (*path, index))
        else:
            yield scope.unknown_axis(axis, path)
    for key, entries in (("exclude", matrix.exclude), ("include", matrix.include)):
        for index, entry in enumerate(entries):
            yield from _selector(scope, entry, ("matrix", key, index))


def _selector(scope: Scope, entry: Mapping[str, Scalar], path: Path) -> Iterator[Diagnostic]:
    for axis, value in entry.items():
        if axis in scope.axes:
            yield from scope.check(axis, value, (*path, axis))
        else:
            yield scope.unknown_axis(axis, (*path, axis))


def _twice(document: Document, values: Iterable[Scalar], path: Path) -> Iterator[Diagnostic]:
    seen: set[tuple[bool, Scalar]] = set()
    for index, value in enumerate(values):
        # Python's True equals 1; YAML's does not.
        identity = (isinstance(value, bool), value)
        if identity in seen:
            yield Diagnostic(Code.LISTED_TWICE, f"`{value}` is listed twice", document.span((*path, index)))
        seen.add(identity)
