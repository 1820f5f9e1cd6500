"""Plans to serve each implementation in every way: the plan is what `lab conformance` starts and checks."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TypeVar

import yaml

from benchmark_lab.catalog import Catalog, Implementation
from benchmark_lab.catalog.implementation import Server
from benchmark_lab.diagnostics import LabError, nearest
from benchmark_lab.experiment import Changes
from benchmark_lab.plan import Plan, make_plan
from benchmark_lab.resolve import resolve
from benchmark_lab.source import parse

WORKERS = (1, 4)
"""Numbers of workers that a server is checked with: one process and several.

A server that can be run with neither number is checked with the fewest workers that the server can run.
"""

T = TypeVar("T")


class UnknownPartError(LabError):
    """The error for an implementation or a server that no manifest declares."""

    exit_code = 2


def plan_every_server(catalog: Catalog, names: Sequence[str], servers: Collection[str]) -> Plan:
    """Plan a cell for each implementation, server, number of workers and closed choice of its parameters.

    Args:
        catalog: the catalog of the project.
        names: the implementations to plan; no name stands for all implementations.
        servers: the only servers to plan; no server stands for all servers.

    Raises:
        UnknownPartError: no implementation or server has one of the names.
    """
    known = catalog.implementations
    chosen = {name: _known(name, "implementation", known) for name in names} or dict(known)
    offered = {name: server for implementation in chosen.values() for name, server in implementation.servers.items()}
    wanted = {name: _known(name, "server", offered) for name in servers} or offered
    serving = {name: one for name, one in chosen.items() if one.servers.keys() & wanted.keys()}
    used = [server for one in serving.values() for name, server in one.servers.items() if name in wanted]
    experiment = {
        "schema": 1,
        "name": "conformance",
        "question": "Does every server of these implementations keep the contract?",
        "target": "local",
        "workers": sorted({count for server in used for count in _workers(server)}),
        "matrix": {
            "implementation": [*serving],
            "server": [*wanted],
            "scenario": next(iter(catalog.scenarios)),
            **_choices(serving.values()),
        },
        "load": {"model": "open", "rate": 1},
        "rounds": {"max": 1},
    }
    return make_plan(resolve(parse("conformance", yaml.safe_dump(experiment)), catalog, Changes()))


def _known(name: str, kind: str, parts: Mapping[str, T]) -> T:
    if name not in parts:
        advice = nearest(name, parts) or f"known: {', '.join(parts)}"
        raise UnknownPartError(f"there is no {kind} `{name}`\nhelp: {advice}")
    return parts[name]


def _workers(server: Server) -> list[int]:
    return [count for count in WORKERS if server.workers.allow(count)] or [server.workers.min]


def _choices(implementations: Iterable[Implementation]) -> dict[str, list[object]]:
    """Return the values of each parameter that has a closed list of values."""
    choices: dict[str, list[object]] = {}
    for implementation in implementations:
        for name, parameter in implementation.parameters.items():
            found = choices.setdefault(name, [])
            found += [value for value in parameter.values if value not in found]
    return {name: values for name, values in choices.items() if values}
