"""The stages of a run, as data: built from its bundle and from what the run has come to so far."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchmark_lab.bundle import Block, Cell, Experiment, Hardware, Load, Schedule
from benchmark_lab.records import RoundKey
from benchmark_lab.store.run_state import RunState


@dataclass(frozen=True, slots=True)
class Provide:
    """Make or take the hosts of one hardware value."""

    block: Block
    hardware: Hardware
    lanes: int
    driver: str
    usd_per_hour: float | None
    """What the hosts of all lanes cost; None where they are not rented."""


@dataclass(frozen=True, slots=True)
class Prepare:
    """Start the database and the upstream, and build what is measured."""

    block: Block
    implementations: tuple[str, ...]
    """All of the experiment: the playbook builds them at once."""


@dataclass(frozen=True, slots=True)
class Prove:
    """Hold each server against the contract; the cells of one that does not conform are excluded."""

    block: Block
    servers: tuple[tuple[str, str], ...]
    """Implementation and server of each."""


@dataclass(frozen=True, slots=True)
class Calibrate:
    """Find what generator and database can do at most, on hosts of which that is not known yet."""

    block: Block
    lanes_known: int
    """Lanes that were calibrated before; they are again if their hosts are others now."""


@dataclass(frozen=True, slots=True)
class FindLoads:
    """Probe cells for the loads that depend on results."""

    block: Block
    cells: tuple[str, ...]
    """Ids of the cells without a load."""


@dataclass(frozen=True, slots=True)
class Measure:
    """Run the rounds that are left."""

    block: Block
    cells: tuple[str, ...]
    """Ids of the cells that are measured, once a round."""
    least: int
    """Rounds that are left for certain; further ones follow where the experiment's stopping rule asks for them."""
    most: int
    trials_left: int
    """Trials of all rounds that may be left."""


@dataclass(frozen=True, slots=True)
class CleanUp:
    """Stop what was started, and let the hosts go; this stage runs whatever becomes of the others."""

    block: Block


Stage = Provide | Prepare | Prove | Calibrate | FindLoads | Measure | CleanUp


def build(experiment: Experiment, cells: Sequence[Cell], schedule: Schedule, state: RunState) -> tuple[Stage, ...]:
    """Return what is left to do of a run, hardware value after hardware value.

    Args:
        experiment: of the bundle.
        cells: of the bundle.
        schedule: of the bundle.
        state: what the run has come to; a new one for a run that has not begun.

    Returns:
        The stages in their order; none where everything is measured. The first of a hardware value provides its
        hosts, and the last one cleans up.
    """
    return tuple(stage for block in schedule.blocks for stage in _stages(experiment, cells, block, state))


def cells_left(cells: Sequence[Cell], block: Block, state: RunState) -> list[Cell]:
    """Return the cells of one hardware value that are neither excluded nor searched to their end."""
    of_block = (cells[index] for index in sorted(block.rounds[0]))
    return [cell for cell in of_block if cell.id not in state.excluded and cell.id not in state.searches]


def round_keys(block: Block) -> list[RoundKey]:
    """Return the key of each round that measures one hardware value."""
    return [RoundKey(hardware=block.hardware, purpose="measure", number=number) for number in range(len(block.rounds))]


def _stages(experiment: Experiment, cells: Sequence[Cell], block: Block, state: RunState) -> Iterator[Stage]:
    left = cells_left(cells, block, state)
    unfinished = [key for key in round_keys(block) if key not in state.finished]
    if not left or not unfinished or block.hardware in state.settled:
        return
    (hardware,) = (value for value in experiment.hardware if value.name == block.hardware)
    usd_per_hour = experiment.hosts.usd_per_hour.get(block.hardware)
    yield Provide(block, hardware, experiment.lanes, experiment.hosts.source, usd_per_hour)
    yield Prepare(block, tuple(each.name for each in experiment.implementations))
    yield Prove(block, tuple(dict.fromkeys((cell.implementation, cell.server) for cell in left)))
    yield Calibrate(block, sum((block.hardware, lane) in state.calibrated for lane in range(experiment.lanes)))
    sought = tuple(cell.id for cell in left if not isinstance(cell.load, Load) and cell.id not in state.loads)
    if sought:
        yield FindLoads(block, sought)
    if experiment.load.model != "slo-search":  # a search is all that its cells need
        finished = len(block.rounds) - len(unfinished)
        begun = sum(key in state.orders for key in unfinished)
        least = max(experiment.rounds.min - finished, begun)
        measured = tuple(cell.id for cell in left)
        done = sum(len(state.of_round(key).keys() & {*measured}) for key in unfinished)
        yield Measure(block, measured, least, len(unfinished), len(measured) * len(unfinished) - done)
    yield CleanUp(block)
