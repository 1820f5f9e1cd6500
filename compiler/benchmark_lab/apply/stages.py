"""The stages of a run, as data: built from the run's bundle and from what the run has come to so far."""

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
    """US dollars an hour that the hosts of all lanes cost; None where the hosts are not rented."""


@dataclass(frozen=True, slots=True)
class Prepare:
    """Start the database and the upstream, and build what is measured."""

    block: Block
    implementations: tuple[str, ...]
    """All of the experiment: the playbook builds them at once."""


@dataclass(frozen=True, slots=True)
class Prove:
    """Hold each server against the contract; the cells of a server that does not conform are excluded."""

    block: Block
    servers: tuple[tuple[str, str], ...]
    """Names of the implementation and the server, for each server that the stage proves."""


@dataclass(frozen=True, slots=True)
class Calibrate:
    """Find what generator and database can do at most, on hosts that are not calibrated yet."""

    block: Block
    lanes_known: int
    """Number of lanes that were calibrated before; a lane is calibrated again if its hosts are others now."""


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
    """Ids of the cells that each round measures once."""
    least: int
    """Number of rounds that are left for certain; the experiment's stopping rule may ask for further rounds."""
    most: int
    trials_left: int
    """Number of trials in all rounds that may be left."""


@dataclass(frozen=True, slots=True)
class CleanUp:
    """Stop what was started, and let the hosts go; this stage runs whatever becomes of the other stages."""

    block: Block


Stage = Provide | Prepare | Prove | Calibrate | FindLoads | Measure | CleanUp


def build(experiment: Experiment, cells: Sequence[Cell], schedule: Schedule, state: RunState) -> tuple[Stage, ...]:
    """Return the stages that are left of a run, hardware value after hardware value.

    Args:
        experiment: the experiment of the bundle.
        cells: the cells of the bundle.
        schedule: the schedule of the bundle.
        state: the state that the run has come to; a new state for a run that has not begun.

    Returns:
        The stages in their order; no stages where everything is measured. The first stage of a hardware value provides
        the hosts, and the last stage cleans up.
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
