"""Measures what share of its framework's throughput and CPU each implementation keeps, beside the smallest program."""
# ruff: noqa: INP001, S603, T201, TID251  # a program of its own: it runs servers and loads, and prints

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benches.servers import build, chosen
from benches.windows import Measured, Program, Request, Windows, require_wrk_and_two_cpus, windows

SMALLEST = Path(__file__).with_name("smallest")
ITEMS = 20
TSC = """{build}/node_modules/.bin/tsc {program} --strict --target es2023 --module nodenext --types node --skipLibCheck
    --experimentalDecorators --emitDecoratorMetadata"""


@dataclass(frozen=True)
class Smallest:
    """How the smallest program takes the implementation's place in the command line of the same server."""

    program: str
    instead: dict[str, tuple[str, ...]]
    """Arguments of the manifest's command line, and what stands there instead; {folder} is the program's."""
    make: str = ""
    """The command line that makes the program, with what the implementation was built with."""


GUNICORN = "--config={build}/gunicorn.conf.py"
NODE = "{build}/dist/main.js"
PROGRAMS = {
    "go-fiber": Smallest(
        "fiber.go",
        {"{build}/server": ("{folder}/server",)},
        make="go build -C {build} -trimpath -o {folder}/server {program}",
    ),
    "python-django": Smallest(
        "python_django.py", {GUNICORN: ("--config={folder}/gunicorn.conf.py", "python_django:app")}
    ),
    "python-fastapi": Smallest("python_fastapi.py", {"app.main:create_app": ("python_fastapi:app",), "--factory": ()}),
    "python-flask": Smallest("python_flask.py", {GUNICORN: ("--config={folder}/gunicorn.conf.py", "python_flask:app")}),
    "typescript-express": Smallest("express.ts", {NODE: ("{folder}/express.js",)}, make=TSC),
    "typescript-fastify": Smallest("fastify.ts", {NODE: ("{folder}/fastify.js",)}, make=TSC),
    "typescript-nestjs": Smallest("nestjs.ts", {NODE: ("{folder}/nestjs.js",)}, make=TSC),
}


def order_of(items: int) -> bytes:
    """A body for `/echo`, of the kind that the scenarios send."""
    chance = random.Random(1)  # noqa: S311  # not for secrets
    drawn = [
        {
            "id": (number := chance.randrange(2**32)),
            "name": f"item {number:x}",
            "price": chance.randrange(100_000) / 100,
            "quantity": chance.randrange(1, 21),
            "tags": chance.sample(["new", "sale", "fragile", "bulky", "digital", "imported"], 3),
        }
        for _ in range(items)
    ]
    return json.dumps({"items": drawn}).encode()


@contextmanager
def programs_of(names: Sequence[str]) -> Iterator[dict[str, tuple[Program, Program]]]:
    """Each implementation with its default server, and the smallest program in its place, with the same packages."""
    with tempfile.TemporaryDirectory() as home:
        pairs = {}
        for name, manifest in chosen(names).items():
            if name not in PROGRAMS:
                print(f"{name} has no smallest program beside it, and is left out.", file=sys.stderr)
                continue
            print(f"Building {name}", file=sys.stderr)
            built, server, smallest = build(name, manifest), manifest.servers[manifest.default_server], PROGRAMS[name]
            folder = Path(home, name)
            folder.mkdir()
            for source in (smallest.program, "gunicorn.conf.py"):
                shutil.copy(SMALLEST / source, folder)
            for shared in ("node_modules", "package.json"):  # Node looks for them from the program upward
                (folder / shared).symlink_to(built / shared)
            make = smallest.make.format(build=built, folder=folder, program=folder / smallest.program).split()
            if make:
                subprocess.run(make, cwd=folder, env=os.environ | {"CGO_ENABLED": "0"}, check=True)
            command = tuple(
                argument.replace("{folder}", str(folder))
                for original in server.command
                for argument in smallest.instead.get(original, (original,))
            )
            own = Program(built, built, server.command, server.env)
            pairs[name] = (own, Program(built, folder, command, server.env))
        yield pairs


def measured_rounds(
    bench: Windows, pairs: dict[str, tuple[Program, Program]], requests: dict[str, Request], rounds: int
) -> Results:
    """All pairs in every round, in an order of its own; the two of a pair one after the other, either first."""
    chance = random.Random(rounds)  # noqa: S311  # not for secrets
    results: Results = defaultdict(list)
    for number in range(1, rounds + 1):
        trials = [(name, endpoint) for name in pairs for endpoint in requests]
        chance.shuffle(trials)
        for name, endpoint in trials:
            print(f"Round {number} of {rounds}: {name} /{endpoint}", file=sys.stderr)
            request = requests[endpoint]
            both = {place: bench.measure(pairs[name][place], request) for place in chance.sample((0, 1), 2)}
            if both[0].answer != both[1].answer:
                sys.exit(f"{name} and its smallest program answer differently:\n{both[0].answer!r}\n{both[1].answer!r}")
            results[name, endpoint].append((both[0], both[1]))
    return results


def report(results: Results) -> None:
    """Print a table of all figures, and the medians as `name=value`."""
    print(f"{'':28}{'requests/s':>17}{'CPU-µs/request':>16}{'busy':>12}  throughput kept     CPU per request kept")
    figures: dict[str, list[str]] = defaultdict(list)
    for (name, endpoint), rounds in sorted(results.items()):
        kept = {
            "rps": [own.requests_per_s / least.requests_per_s for own, least in rounds],
            "cpu": [least.cpu_us_per_request / own.cpu_us_per_request for own, least in rounds],
        }
        columns = "".join(
            f"{statistics.median(getattr(own, field) for own, _ in rounds):{width}} /"
            f"{statistics.median(getattr(least, field) for _, least in rounds):{width}}"
            for field, width in (("requests_per_s", "8.0f"), ("cpu_us_per_request", "7.1f"), ("busy", "5.2f"))
        )
        shares = "  ".join(f"{statistics.median(of):.3f} [{min(of):.3f}, {max(of):.3f}]" for of in kept.values())
        print(f"{name + ' /' + endpoint:28}{columns}  {shares}")
        figures[name] += [f"{name}_{endpoint}_{what}={statistics.median(of):.3f}" for what, of in kept.items()]
    for line in figures.values():
        print(" ".join(line))


def main() -> None:
    """Measure what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=2, help="of each measurement")
    parser.add_argument("--only", action="append", default=[], metavar="NAME", help="this implementation; repeatable")
    arguments = parser.parse_args()
    require_wrk_and_two_cpus()
    with (
        programs_of(arguments.only) as pairs,
        windows(arguments.seconds) as bench,
        tempfile.TemporaryDirectory() as folder,
    ):
        order = Path(folder, "order.json")
        order.write_bytes(order_of(ITEMS))
        requests = {"health": Request("/health"), "echo": Request("/echo", body=order)}
        report(measured_rounds(bench, pairs, requests, arguments.rounds))


Results = dict[tuple[str, str], list[tuple[Measured, Measured]]]
"""By implementation and endpoint, for each round: the implementation, and the smallest program."""


if __name__ == "__main__":
    main()
