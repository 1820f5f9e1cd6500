"""The project around the working directory: its root, its catalog, and the experiments to plan in the project."""

from __future__ import annotations

from pathlib import Path

from benchmark_lab.catalog import Catalog
from benchmark_lab.catalog.load import load_catalog
from benchmark_lab.diagnostics import LabError
from benchmark_lab.experiment import Changes
from benchmark_lab.plan import Plan, make_plan
from benchmark_lab.resolve import resolve
from benchmark_lab.source import decode, parse
from benchmark_lab.targets import driver_names


class NoProjectError(LabError):
    """The working directory is not inside a project."""

    exit_code = 2


def find_root(start: Path) -> Path:
    """Return the nearest folder upward that holds `spec/openapi.yaml` and `implementations/`."""
    for folder in (start, *start.parents):
        if (folder / "spec" / "openapi.yaml").is_file() and (folder / "implementations").is_dir():
            return folder
    raise NoProjectError(
        f"{start} is not inside a project: no folder upward holds spec/openapi.yaml and implementations/\n"
        "help: change to the project's folder"
    )


def read_catalog(root: Path) -> Catalog:
    """Read every manifest of a project; InvalidExperimentError holds what is wrong with all manifests."""
    return load_catalog(root, driver_names())


def plan_file(file: Path, catalog: Catalog, changes: Changes) -> Plan:
    """Read an experiment from disk and plan it; InvalidExperimentError holds what is wrong with the experiment."""
    name = file.as_posix()
    return make_plan(resolve(parse(name, decode(name, file.read_bytes())), catalog, changes))


def plan_here(file: Path, changes: Changes) -> tuple[Path, Plan]:
    """Return the root of the project around the working directory, and the plan of an experiment in the project."""
    root = find_root(Path.cwd())
    return root, plan_file(file, read_catalog(root), changes)
