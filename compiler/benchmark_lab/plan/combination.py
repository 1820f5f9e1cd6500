"""The combination of the matrix: its identity, its id, and the Cell that the combination becomes."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from benchmark_lab.bundle import Cell, Hardware, Scalar
from benchmark_lab.catalog import Implementation, Parameter, Scenario, Server, text_of
from benchmark_lab.experiment.file import WorkerCount
from benchmark_lab.resolve import Selector
from benchmark_lab.resolve.loads import Level

_UNSAFE = re.compile(r"[^A-Za-z0-9_.=+-]")
_LONGEST_ID = 180
_SERVER_ENV = {"LOG_LEVEL": "info", "DB_POOL_TOTAL": "16"}


@dataclass(frozen=True, slots=True)
class Parts:
    """An implementation and a scenario, and the parameters that the two declare together."""

    implementation_name: str
    implementation: Implementation
    scenario_name: str
    scenario: Scenario
    declared: Mapping[str, tuple[Parameter, ...]]
    """Declarations of the parameters by name, sorted; both parts may declare a parameter of the same name."""
    defaults: Mapping[str, Scalar]

    @classmethod
    def of(cls, implementation_name: str, implementation: Implementation, name: str, scenario: Scenario) -> Parts:
        """Join the manifests of an implementation and a scenario."""
        names = sorted({*implementation.parameters, *scenario.parameters})
        both = (scenario.parameters, implementation.parameters)
        declared = {key: tuple(part[key] for part in both if key in part) for key in names}
        defaults = {key: parameters[0].default for key, parameters in declared.items()}
        return cls(implementation_name, implementation, name, scenario, declared, defaults)


@dataclass(frozen=True, slots=True)
class Combination:
    """One value of every axis."""

    parts: Parts
    server: str
    workers: int
    hardware: Hardware
    chosen: Mapping[str, Scalar]
    """Values of the parameters that the experiment mentions and a part declares."""
    level: Level
    """Step of the load."""

    @property
    def server_manifest(self) -> Server:
        """Return the manifest of the server that serves the implementation."""
        return self.parts.implementation.servers[self.server]

    @property
    def served(self) -> str:
        """Return the implementation and its server in words."""
        return f"{self.parts.implementation_name} with {self.server}"

    @property
    def axes(self) -> dict[str, Scalar]:
        """Return every axis and its value, all parameters included, as selectors see the axes."""
        return {
            "implementation": self.parts.implementation_name,
            "server": self.server,
            "workers": self.workers,
            "scenario": self.parts.scenario_name,
            "hardware": self.hardware.name,
            **self.parts.defaults,
            **self.chosen,
            **self.level.axes,
        }

    @property
    def identity(self) -> tuple[object, ...]:
        """Return what makes the combination another combination than the next."""
        parts = self.parts
        names = (parts.implementation_name, self.server, self.workers, parts.scenario_name, self.hardware.name)
        return (*names, self.level.value, *sorted(self.chosen.items()))

    def matches(self, selector: Selector) -> bool:
        """True if the combination has all values of a selector."""
        axes = self.axes
        if selector.workers is not None:
            wanted = evaluate(selector.workers, self.server_manifest, self.hardware)
            if wanted != self.workers:
                return False
        return all(axis in axes and axes[axis] == value for axis, value in selector.values.items())

    def choosing(self, chosen: Mapping[str, Scalar]) -> Combination:
        """Return the combination with further parameters, where its parts declare the parameters."""
        added = {name: value for name, value in chosen.items() if name in self.parts.declared}
        return replace(self, chosen={**self.chosen, **added})

    def cell(self, *, with_hardware: bool) -> Cell:
        """Return the cell: placeholders that compiling can fill are filled, each parameter lands where it is bound."""
        server = self.server_manifest
        known = {"{workers}": str(self.workers), "{cpus}": str(self.hardware.sut.cpus)}
        parameters = {**self.parts.defaults, **self.chosen}
        command = [_filled(argument, known) for argument in server.command]
        env = {**_SERVER_ENV, "WORKERS": str(self.workers)}
        env |= {name: _filled(value, known) for name, value in server.env.items()}
        k6_env: dict[str, str] = {}
        upstream: dict[str, Scalar] = {}
        for name, value in parameters.items():
            text = text_of(value)
            for bind in (parameter.bind for parameter in self.parts.declared[name]):
                if bind.env is not None:
                    env[bind.env] = text
                elif bind.k6_env is not None:
                    k6_env[bind.k6_env] = text
                elif bind.argument is not None:
                    command += [argument.replace("{value}", text) for argument in bind.argument]
                elif bind.upstream is not None:
                    upstream[bind.upstream] = value
        return Cell(
            id=self._id(with_hardware=with_hardware),
            implementation=self.parts.implementation_name,
            server=self.server,
            workers=self.workers,
            scenario=self.parts.scenario_name,
            hardware=self.hardware.name,
            parameters={**parameters, **self.level.axes},
            load=self.level.load,
            command=tuple(command),
            env=dict(sorted(env.items())),
            helper_processes=server.helper_processes,
            multithreaded=server.multithreaded,
            k6_env=dict(sorted(k6_env.items())),
            upstream=dict(sorted(upstream.items())),
        )

    def _id(self, *, with_hardware: bool) -> str:
        """Return the cell's id: the axes' values in fixed order, safe as a file's name."""
        parts = [self.parts.implementation_name, self.server, f"w{self.workers}", self.parts.scenario_name]
        parts += [f"{name}={_safe(text_of(value))}" for name, value in sorted(self.chosen.items())]
        parts += [f"{name}={value}" for name, value in self.level.axes.items()]
        parts += [self.hardware.name] if with_hardware else []
        return _shortened(".".join(parts))


def evaluate(workers: WorkerCount, server: Server, hardware: Hardware) -> int | None:
    """Return the number of workers on the sut's CPUs; None where the expression has no value."""
    expression = server.workers.recommended if workers == "recommended" else workers
    cpus = hardware.sut.cpus
    assert cpus is not None  # noqa: S101  # for the type checker: the sut's CPUs are required
    return expression.evaluate(cpus)


def _filled(text: str, known: Mapping[str, str]) -> str:
    for placeholder, value in known.items():
        text = text.replace(placeholder, value)
    return text


def _safe(value: str) -> str:
    """Return a parameter's value, or what a file's name can hold of the value, with a digest.

    The digest keeps the changed value unique.
    """
    return value if not _UNSAFE.search(value) else f"{_UNSAFE.sub('-', value)}~{_digest(value)}"


def _shortened(cell_id: str) -> str:
    return cell_id if len(cell_id) <= _LONGEST_ID else f"{cell_id[:_LONGEST_ID]}~{_digest(cell_id)}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]
