"""Reads manifests on disk into a Catalog: the compiler's only reader of the project's folders."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel

from benchmark_lab.catalog import (
    Api,
    Catalog,
    DeclaredOperation,
    Implementation,
    Instances,
    Language,
    Scenario,
    Target,
)
from benchmark_lab.diagnostics import Code, Diagnostic, InvalidExperimentError, nearest, raise_all
from benchmark_lab.judge.metrics import METRICS
from benchmark_lab.records import Trial
from benchmark_lab.source import Document, decode, parse, read

M = TypeVar("M", bound=BaseModel)

_WORDS = r"[a-z0-9]+(-[a-z0-9]+)*"


def load_catalog(root: Path, drivers: Collection[str]) -> Catalog:
    """Read every manifest below `root`; InvalidExperimentError holds what is wrong with all of them.

    Args:
        root: the root folder of the project.
        drivers: the names among which a target chooses its driver.
    """
    problems: list[Diagnostic] = []
    api = _manifests(root, Api, {"openapi": root / "spec" / "openapi.yaml"}, problems)
    operations = None if problems else api["openapi"].operations
    problems += _unknown_tables(operations or {}, root / "spec" / "database" / "schema.sql")
    languages = _languages(root, problems)
    folders = sorted(root.glob("implementations/*/implementation.yaml"))
    spoken = partial(_unknown_language, [path.parent.name for path in _language_files(root)])
    implementations = _manifests(root, Implementation, {path.parent.name: path for path in folders}, problems, spoken)
    scenario_files = sorted(root.glob("scenarios/*.yaml"))
    called = partial(_miscalls, operations)
    scenarios = _manifests(root, Scenario, {path.stem: path for path in scenario_files}, problems, called)
    target_files = sorted(root.glob("infra/*/target.yaml"))
    known = partial(_unknown_driver, drivers)
    targets = _manifests(root, Target, {path.parent.name: path for path in target_files}, problems, known)
    instance_files = sorted(root.glob("infra/*/instances.yaml"))
    instances = _manifests(root, Instances, {path.parent.name: path for path in instance_files}, problems)
    problems += _unrentable(targets, instances)
    raise_all(problems)
    return Catalog(languages, implementations, scenarios, targets, operations or {}, instances)


def load_languages(root: Path) -> dict[str, Language]:
    """Read the manifests of the languages alone; InvalidExperimentError holds what is wrong with them."""
    problems: list[Diagnostic] = []
    languages = _languages(root, problems)
    raise_all(problems)
    return languages


def _languages(root: Path, problems: list[Diagnostic]) -> dict[str, Language]:
    return _manifests(root, Language, {path.parent.name: path for path in _language_files(root)}, problems)


def _language_files(root: Path) -> list[Path]:
    return sorted(root.glob("implementations/languages/*/language.yaml"))


def _unrentable(targets: Mapping[str, Target], instances: Mapping[str, Instances]) -> Iterator[Diagnostic]:
    """Yield rented default hosts whose type or price is not known, and prices of a target without a region."""
    for name, target in targets.items():
        if target.region is None:
            if name in instances:
                message = f"infra/{name}/instances.yaml has prices, and infra/{name}/target.yaml no region"
                yield Diagnostic(Code.INCONSISTENT_MANIFEST, message, help="name the `region` where hosts are rented")
            continue
        default = target.default_hardware
        known = instances[name].types if name in instances else {}
        for role, asked in (("sut", default.sut.type), ("load", default.load.type), ("db", default.db.type)):
            if asked is None or asked not in known or target.region not in known[asked].usd_per_hour:
                message = f"the {role} of infra/{name}/target.yaml has no type with a price in {target.region}"
                advice = f"infra/{name}/instances.yaml lists types and prices"
                yield Diagnostic(Code.INCONSISTENT_MANIFEST, message, help=advice)


def _unknown_driver(drivers: Collection[str], document: Document, target: Target) -> Iterator[Diagnostic]:
    """Yield the driver of a target if no driver has the name."""
    if target.driver not in drivers:
        message, advice = f"unknown driver `{target.driver}`", f"known: {', '.join(drivers)}"
        span = document.span(("driver",))
        yield Diagnostic(Code.UNKNOWN_NAME, message, span, nearest(target.driver, drivers), advice)


def _unknown_language(languages: Collection[str], document: Document, made: Implementation) -> Iterator[Diagnostic]:
    """Yield the language of an implementation if no folder of languages has the language's name."""
    if made.language not in languages:
        advice = f"known: {', '.join(languages) or 'none'}; another is a folder of implementations/languages"
        message, span = f"unknown language `{made.language}`", document.span(("language",))
        yield Diagnostic(Code.UNKNOWN_NAME, message, span, nearest(made.language, languages), advice)


def _unknown_tables(operations: Mapping[str, DeclaredOperation], schema: Path) -> Iterator[Diagnostic]:
    """Yield the effects on tables that the database's schema does not create."""
    tables = re.findall(r"^CREATE TABLE (?:IF NOT EXISTS )?(\w+)", schema.read_text(), re.MULTILINE | re.IGNORECASE)
    for name, operation in operations.items():
        for table in operation.effects.keys() - {*tables}:
            message = f"`{name}` has effects on `{table}`, which spec/database/schema.sql does not create"
            known = nearest(table, tables) or f"tables: {', '.join(tables)}"
            yield Diagnostic(Code.INCONSISTENT_MANIFEST, message, help=known)


def _miscalls(
    operations: Mapping[str, DeclaredOperation] | None, document: Document, scenario: Scenario
) -> Iterator[Diagnostic]:
    """Yield each operation that the API lacks, or whose effects the scenario's manifest denies."""
    if operations is None:
        return
    for index, name in enumerate(scenario.endpoints):
        if name not in operations:
            message = f"unknown operation `{name}`"
            advice = f"spec/openapi.yaml has {', '.join(operations)}"
            span = document.span(("endpoints", index))
            yield Diagnostic(Code.INCONSISTENT_MANIFEST, message, span, nearest(name, operations), advice)
        elif operations[name].effects and not scenario.writes:
            message = f"`writes` must be true: `{name}` adds rows to {' and '.join(operations[name].effects)}"
            yield Diagnostic(Code.INCONSISTENT_MANIFEST, message, document.span(("writes",)))


def _manifests(
    root: Path,
    model: type[M],
    files: dict[str, Path],
    problems: list[Diagnostic],
    check: Callable[[Document, M], Iterable[Diagnostic]] = lambda _document, _manifest: (),
) -> dict[str, M]:
    manifests: dict[str, M] = {}
    for name, path in files.items():
        file = path.relative_to(root).as_posix()
        try:
            document = parse(file, decode(file, path.read_bytes()))
        except InvalidExperimentError as error:
            problems += error.diagnostics
            continue
        manifest, found = read(document, model)
        problems += found + _misfits(document, model, manifest, name, path)
        if manifest is not None:
            problems += check(document, manifest)
            manifests[name] = manifest
    return manifests


def _misfits(
    document: Document, model: type[BaseModel], manifest: BaseModel | None, name: str, path: Path
) -> tuple[Diagnostic, ...]:
    """Check what a manifest's own text cannot show: its name, and what lies beside the manifest."""
    pattern = rf"[0-9]{{2}}-{_WORDS}" if model is Scenario else _WORDS
    problems = []
    if not re.fullmatch(pattern, name):
        example = "03-db-read" if model is Scenario else "python-fastapi"
        message = f"`{name}` is no name: it is spelled like `{example}`"
        problems.append(Diagnostic(Code.INCONSISTENT_MANIFEST, message, document.span(())))
    beside: list[tuple[str, str, tuple[str, ...]]] = [(f"{name}.js", "k6 script", ())] if model is Scenario else []
    if isinstance(manifest, Scenario) and manifest.pgbench is not None:
        beside.append((manifest.pgbench, "pgbench script", ("pgbench",)))
    for file, what, at in beside:
        if not path.with_name(file).is_file():
            message = f"the {what} `{file}` is not beside its manifest"
            problems.append(Diagnostic(Code.INCONSISTENT_MANIFEST, message, document.span(at)))
    if isinstance(manifest, Scenario | Implementation):
        for parameter in manifest.parameters.keys() & {*METRICS, *Trial.model_fields}:
            message = f"parameter `{parameter}` has the name of a key that every trial has"
            problems.append(Diagnostic(Code.INCONSISTENT_MANIFEST, message, document.span(("parameters", parameter))))
    if isinstance(manifest, Language) and manifest.toolchain and manifest.toolchain.sources:
        folder = manifest.toolchain.sources
        if not (path.parent / folder).is_dir():
            message = f"the folder `{folder}` of its toolchain is not beside its manifest"
            span = document.span(("toolchain", "sources"))
            problems.append(Diagnostic(Code.INCONSISTENT_MANIFEST, message, span))
    return tuple(problems)
