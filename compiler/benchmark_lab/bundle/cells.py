"""The files `cells.json` and `schedule.json`: the combinations of the matrix, and the order of their trials."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from benchmark_lab.bundle.file import Part, Scalar, StoredFile
from benchmark_lab.bundle.load import Load, LoadModel, SoughtLoad


class Contrast(Part):
    """Two cells to compare, by id; the ratio is the candidate over the baseline."""

    baseline: str
    candidate: str


class Cell(Part):
    """One combination of the matrix: how `lab` starts the combination's server and parametrises its k6."""

    id: str
    implementation: str
    server: str
    workers: int
    scenario: str
    hardware: str
    parameters: dict[str, Scalar]
    command: tuple[str, ...]
    """Server's argv with the run-time placeholders `{build}`, `{host}` and `{port}`."""
    env: dict[str, str]
    """The server's environment, without addresses and secrets."""
    helper_processes: tuple[str, ...] = ()
    """Words in the command lines of processes that look like workers and are no workers."""
    multithreaded: bool = False
    """True if a worker may use several CPUs at once."""
    k6_env: dict[str, str]
    upstream: dict[str, Scalar] = {}
    """Settings of the upstream."""
    load: Annotated[Load | SoughtLoad, Field(discriminator="model")]

    @property
    def pool_size(self) -> int:
        """Return how many connections to the database all processes of the server share; 0 if the cell sets none."""
        return int(self.env.get("DB_POOL_TOTAL", "0"))

    @property
    def load_model(self) -> LoadModel:
        """Return the load model of the cell's trials."""
        return self.load.model if isinstance(self.load, Load) else self.load.measured_as


class Cells(StoredFile):
    """The file `cells.json`: every cell once. A cell's index or id refers to the cell."""

    cells: tuple[Cell, ...]


class Block(Part):
    """The rounds of one hardware value: each is a permutation of the same cells, as indices into `cells.json`."""

    hardware: str
    rounds: tuple[tuple[int, ...], ...]


class Schedule(StoredFile):
    """`schedule.json`: the order of everything, drawn once from the seed."""

    seed: int
    blocks: tuple[Block, ...]
