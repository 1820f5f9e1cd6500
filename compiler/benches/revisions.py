"""Measures an implementation's code in the working tree beside the code at a git revision: CPU per request, paired."""
# ruff: noqa: INP001, S603, S607, T201, TID251  # a program of its own: it runs git and servers, and prints

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benches.servers import PROJECT, build, build_from
from benches.windows import READ_USER, Measured, Program, Request, Windows, require_wrk_and_two_cpus, windows
from benchmark_lab.catalog import Implementation
from benchmark_lab.cli.input.project import read_catalog
from benchmark_lab.statistics import ratio

REVISION = "ef0522a"
NODE_WARM_UP = 20_000
"""Requests to a server before its figures count: Node.js compiles hot code anew for some ten thousand."""


@dataclass(frozen=True)
class Row:
    """One comparison: a server of an implementation, and a request to it."""

    implementation: str
    server: str
    request: Request
    parameters: Mapping[str, str] = field(default_factory=dict)
    beside: Mapping[str, str] | None = None
    """The parameters of the other side, which then is the working tree's code, too; None: the revision's code."""
    warm_up_requests: int = 5_000


ROWS = {
    "nestjs_fastify_user": Row("typescript-nestjs", "nest-fastify", READ_USER, warm_up_requests=NODE_WARM_UP),
    "nestjs_express_user": Row("typescript-nestjs", "nest-express", READ_USER, warm_up_requests=NODE_WARM_UP),
    "fastapi_lean_user": Row("python-fastapi", "uvicorn", READ_USER, {"style": "lean"}, beside={"style": "documented"}),
    "django_orm_user": Row("python-django", "gunicorn-gthread", READ_USER, {"data_access": "orm"}),
    "fiber_health": Row("go-fiber", "fiber", Request("/health")),
}


def program(row: Row, manifest: Implementation, folder: Path, parameters: Mapping[str, str]) -> Program:
    """The row's server with these parameters, over a build."""
    server = manifest.servers[row.server]
    bound = {str(manifest.parameters[name].bind.env): value for name, value in parameters.items()}
    return Program(folder, folder, server.command, {**server.env, **bound})


def both_sides(row: Row, revision: Path) -> tuple[Program, Program]:
    """The revision's program and the working tree's, both built with the same tools."""
    name = row.implementation
    manifest = read_catalog(PROJECT).implementations[name]
    built = build(name, manifest)
    own = program(row, manifest, built, row.parameters)
    if row.beside is not None:
        return program(row, manifest, built, row.beside), own
    manifest = read_catalog(revision).implementations[name]
    old = build_from(revision / "implementations" / name, name, manifest)
    return program(row, manifest, old, row.parameters), own


@contextmanager
def project_at(revision: str) -> Iterator[Path]:
    """The project's files as a git revision has them, but today's languages, in a folder that is removed afterwards."""
    with tempfile.TemporaryDirectory() as scratch:
        archive, folder = Path(scratch, "project.tar"), Path(scratch, "project")
        folder.mkdir()
        subprocess.run(["git", "archive", f"--output={archive}", revision], cwd=PROJECT, check=True)
        subprocess.run(["tar", "-x", "-f", archive, "-C", folder], check=True)
        languages = Path("implementations", "languages")
        shutil.copytree(PROJECT / languages, folder / languages, dirs_exist_ok=True)
        yield folder


def measured_pairs(bench: Windows, name: str, sides: tuple[Program, Program], rounds: int) -> Pairs:
    """Both sides in every round, on fresh servers; either begins in turn."""
    row = ROWS[name]
    pairs: Pairs = []
    for number in range(rounds):
        both = bench.compare(sides, row.request, warm_up_requests=row.warm_up_requests, swapped=number % 2 == 1)
        if both[0].answer != both[1].answer:
            sys.exit(f"{name}: the two sides answer differently:\n{both[0].answer!r}\n{both[1].answer!r}")
        pairs.append(both)
        words = ", ".join(f"{side.cpu_us_per_request:.1f} µs ({side.busy:.0%} busy)" for side in both)
        print(f"{name} {number + 1:>2} of {rounds}: {words}", file=sys.stderr, flush=True)
    return pairs


def line(name: str, pairs: Pairs) -> str:
    """The ratio of the working tree's CPU per request to the other side's, with its 95 % interval."""
    old, new = ([side.cpu_us_per_request for side in sides] for sides in zip(*pairs, strict=True))
    found = ratio.of_pairs(old, new)
    low, high = found.interval()
    return f"{name}={found.ratio:.3f} low={low:.3f} high={high:.3f}"


def main() -> None:
    """Measure the rows that the command line asks for, one after the other."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--revision", default=REVISION, help=f"of the other side; {REVISION} if left out")
    parser.add_argument("--only", action="append", choices=ROWS, default=[], help="this row; repeatable")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--seconds", type=int, default=6, help="of load for each side in a round")
    arguments = parser.parse_args()
    require_wrk_and_two_cpus()

    names = arguments.only or list(ROWS)
    with project_at(arguments.revision) as revision:
        sides = {name: both_sides(ROWS[name], revision) for name in names}
    with windows(arguments.seconds) as bench:
        lines = [line(name, measured_pairs(bench, name, sides[name], arguments.rounds)) for name in names]
    print(*lines, sep="\n")


Pairs = list[tuple[Measured, Measured]]
"""By round: the other side's figures, and the working tree's."""


if __name__ == "__main__":
    main()
