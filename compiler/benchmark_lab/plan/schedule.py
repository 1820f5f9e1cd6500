"""Orders the trials of cells: for each hardware value, rounds that are permutations drawn from the seed."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from benchmark_lab.bundle import Block, Cell


def schedule(cells: Sequence[Cell], hardware: Sequence[str], rounds: int, seed: int) -> tuple[Block, ...]:
    """Shuffle each hardware value's cells once a round.

    Round `r` of the hardware value at index `h`, both counted from 0, is drawn by `random.Random("seed/h/r")`. Python
    promises the same order for the same text. Further rounds leave earlier rounds unchanged.
    """
    blocks = []
    for index, name in enumerate(hardware):
        own = [position for position, cell in enumerate(cells) if cell.hardware == name]
        if own:
            orders = (_shuffled(own, f"{seed}/{index}/{round_}") for round_ in range(rounds))
            blocks.append(Block(hardware=name, rounds=tuple(orders)))
    return tuple(blocks)


def _shuffled(positions: Sequence[int], seed: str) -> tuple[int, ...]:
    order = list(positions)
    Random(seed).shuffle(order)  # noqa: S311  # an order that can be drawn again, nothing secret
    return tuple(order)
