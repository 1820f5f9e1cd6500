"""The shape of `implementations/<name>/implementation.yaml`: one framework and the ways to serve it."""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from benchmark_lab.catalog.parameter import Parameter
from benchmark_lab.source.expression import MOST_WORKERS, Expression, WorkersExpression
from benchmark_lab.source.quantity import counted
from benchmark_lab.source.shape import Slug, SnakeName, Written

CommandLine = Annotated[tuple[str, ...], Field(min_length=1)]
_BRACES = re.compile(r"\{[^{}]*\}|[{}]")


def check_placeholders(texts: tuple[str, ...], allowed: set[str]) -> None:
    """Raise ValueError if a text holds braces other than the allowed placeholders."""
    for text in texts:
        for found in _BRACES.findall(text):
            if found not in allowed:
                raise ValueError(f"must not hold `{found}`; placeholders here: {', '.join(sorted(allowed))}")


class Workers(Written):
    """How many worker processes a server can run."""

    min: Annotated[int, Field(ge=1, le=MOST_WORKERS)] = 1
    max: Annotated[int, Field(ge=1, le=MOST_WORKERS)] = MOST_WORKERS
    recommended: WorkersExpression = Field(default_factory=lambda: Expression.parse("1"))
    """The framework's own advice, as an expression over `cpu`; what `workers: recommended` takes."""

    def allow(self, count: int) -> bool:
        """True if the server can run with so many workers."""
        return self.min <= count <= self.max

    @property
    def words(self) -> str:
        """Return the range in words, such as `1 to 64 workers`."""
        least = "" if self.min == self.max else f"{self.min} to "
        return f"{least}{counted(self.max, 'worker')}"

    @model_validator(mode="after")
    def _is_a_range(self) -> Self:
        if self.min > self.max:
            raise ValueError("must have min at most max")
        return self


class Server(Written):
    """A process model: the command that serves the implementation."""

    command: CommandLine
    """Argument list with the placeholders {build} {host} {port} {workers} {cpus}; runs in {build}."""
    env: dict[str, str] = {}
    """Environment beside what every server gets."""
    workers: Workers = Field(default_factory=Workers)
    helper_processes: tuple[str, ...] = ()
    """Words of the command lines of processes that serve nothing and have no children, and so are no workers."""
    multithreaded: bool = False
    """Whether a worker may use several CPUs at once, so that no single one limits it."""

    @model_validator(mode="after")
    def _knows_its_placeholders(self) -> Self:
        texts = (*self.command, *self.env.values())
        check_placeholders(texts, {"{build}", "{host}", "{port}", "{workers}", "{cpus}"})
        return self


class Implementation(Written):
    """One framework serving `spec/openapi.yaml`."""

    schema_version: Annotated[Literal[1], Field(alias="schema")]
    framework: str
    """The framework's name as its authors write it."""
    language: Slug
    """A folder of `implementations/languages/`."""
    summary: str
    """One sentence."""
    build_on: Literal["host", "controller"]
    """Where the build runs: on the sut's host, or on the controller with the outcome copied."""
    build: tuple[CommandLine, ...]
    """Command lines, run one after the other in {build}, a writable copy of this folder."""
    versions: tuple[str, ...] = ()
    """Command line, run in the build's folder, that prints the versions of what was built, one a line."""
    default_server: str
    """The server of experiments that name none."""
    servers: Annotated[dict[Slug, Server], Field(min_length=1)]
    cpu_us_per_request: Annotated[float, Field(gt=0)] | None = None
    """CPU time of a request of 01-lightweight as measured; from it the plan expects a rate, to size the load hosts."""
    parameters: dict[SnakeName, Parameter] = {}
    known_differences: tuple[str, ...] = ()
    """What differs from the other implementations for a reason; printed with the results."""

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        if self.default_server not in self.servers:
            raise ValueError(f"must have a default_server among its servers: {', '.join(self.servers)}")
        for line in self.build:
            check_placeholders(line, {"{build}"})
        return self
