"""`lab list`: lists the project's implementations, scenarios, targets and experiments."""

from __future__ import annotations

import json
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from benchmark_lab.cli.input import options
from benchmark_lab.cli.input.project import find_root, read_catalog


class ListedKind(StrEnum):
    """Kinds of things that `lab list` lists."""

    IMPLEMENTATIONS = "implementations"
    SCENARIOS = "scenarios"
    TARGETS = "targets"
    EXPERIMENTS = "experiments"


def list(  # noqa: A001  the command's name
    kind: Annotated[ListedKind, typer.Argument(help="What to list.", show_default=False)],
    as_json: options.AsJson = False,
) -> None:
    """List what an experiment can be made of, or the experiments themselves."""
    found = dict(_entries(kind, find_root(Path.cwd())))
    if as_json:
        typer.echo(json.dumps({"schema": 1, kind.value: found}, indent=1))
        return
    width = max(map(len, found), default=0)
    for name, words in found.items():
        typer.echo(f"{name:<{width}}  {words}")


def _entries(kind: ListedKind, root: Path) -> Iterator[tuple[str, str]]:
    """Yield the name of each listed thing, and a sentence about the thing."""
    catalog = read_catalog(root)
    match kind:
        case ListedKind.IMPLEMENTATIONS:
            for name, implementation in catalog.implementations.items():
                yield name, f"{implementation.summary} Servers: {', '.join(implementation.servers)}."
        case ListedKind.SCENARIOS:
            for name, scenario in catalog.scenarios.items():
                yield name, scenario.measures
        case ListedKind.TARGETS:
            for name, target in catalog.targets.items():
                yield name, target.summary
        case ListedKind.EXPERIMENTS:
            for path in sorted((root / "experiments").glob("*.yaml")):
                yield path.stem, _question(path)


def _question(path: Path) -> str:
    """Return the experiment's question, as far as the file can be read."""
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("question:")), "")
