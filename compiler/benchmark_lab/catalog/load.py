"""Manifests on disk to a Catalog: the compiler's only reader of the project's folders."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel

from benchmark_lab.catalog import Api, Catalog, DeclaredOperation, Implementation, Instances, Scenario, Target
from benchmark_lab.diagnostics import Code, Diagnostic, InvalidExperimentError, nearest, raise_all
from benchmark_lab.source import Document, decode, parse, read

M = TypeVar("M", bound=BaseModel)

_WORDS = r"[a-z0-9]+(-[a-z0-9]+)*"


def load_catalog(root: Path) -> Catalog:
    """Read every manifest below `root`; InvalidExperimentError holds what is wrong with all of them."""
    problems: list[Diagnostic] = []
    api = _manifests(root, Api, {"openapi": root / "spec" / "openapi.yaml"}, problems)
    operations = None if problems else api["openapi"].operations
    folders = sorted(root.glob("implementations/*/implementation.yaml"))
    implementations = _manifests(root, Implementation, {path.parent.name: path for path in folders}, problems)
    scenario_files = sorted(root.glob("scenarios/*.yaml"))
    scenarios = _manifests(root, Scenario, {path.stem: path for path in scenario_files}, problems, operations)
    target_files = sorted(root.glob("infra/*/target.yaml"))
    targets = _manifests(root, Target, {path.parent.name: path for path in target_files}, problems)
    instance_files = sorted(root.glob("infra/*/instances.yaml"))
    instances = _manifests(root, Instances, {path.parent.name: path for path in instance_files}, problems)
    problems += _unrentable(targets, instances)
    raise_all(problems)
    return Catalog(implementations, scenarios, targets, operations or {}, instances)


def _unrentable(targets: Mapping[str, Target], instances: Mapping[str, Instances]) -> Iterator[Diagnostic]:
    """Yield the default hosts of targets that rent them whose type or price is not known."""
    for name, target in targets.items():
        if target.region is None:
            continue
        default = target.default_hardware
        known = instances[name].types if name in instances else {}
        for role, asked in (("sut", default.sut.type), ("load", default.load.type), ("db", default.db.type)):
            if asked is None or asked not in known or target.region not in known[asked].usd_per_hour:
                message = f"the {role} of infra/{name}/target.yaml has no type with a price in {target.region}"
                advice = f"infra/{name}/instances.yaml lists types and prices"
                yield Diagnostic(Code.INCONSISTENT_MANIFEST, message, help=advice)


def _manifests(
    root: Path,
    model: type[M],
    files: dict[str, Path],
    problems: list[Diagnostic],
    operations: Mapping[str, DeclaredOperation] | None = None,
) -> dict[str, M]:
    """Read the files as `model`; where `operations` are given, scenarios may call no others."""
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
        if isinstance(manifest, Scenario) and operations is not None:
            problems += _miscalls(document, manifest, operations)
        if manifest is not None:
            manifests[name] = manifest
    return manifests


def _misfits(
    document: Document, model: type[BaseModel], manifest: BaseModel | None, name: str, path: Path
) -> tuple[Diagnostic, ...]:
    """Check what a manifest's own text cannot show: its name, and the scripts beside a scenario."""
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
    return tuple(problems)


def _miscalls(document: Document, scenario: Scenario, operations: Mapping[str, DeclaredOperation]) -> Iterator[Diagnostic]:
    """Yield each operation that the API lacks, or whose effects the scenario's manifest denies."""
    for index, name in enumerate(scenario.endpoints):
        if name not in operations:
            message = f"unknown operation `{name}`"
            advice = f"spec/openapi.yaml has {', '.join(operations)}"
            span = document.span(("endpoints", index))
            yield Diagnostic(Code.INCONSISTENT_MANIFEST, message, span, nearest(name, operations), advice)
        elif operations[name].effects and not scenario.writes:
            message = f"`writes` must be true: `{name}` adds rows to {' and '.join(operations[name].effects)}"
            yield Diagnostic(Code.INCONSISTENT_MANIFEST, message, document.span(("writes",)))
