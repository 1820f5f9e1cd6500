"""The rates of the latency phase, from the capacities that the first phase found and what the generator may send."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf

EQUAL_SHARE = 0.5
"""Equal rate, as a share of the slowest cell's capacity."""
OWN_SHARE = 0.7
"""Own rate of a cell, as a share of the cell's capacity."""


@dataclass(frozen=True, slots=True)
class KnownCapacity:
    """A cell's capacity, or a lower bound that the capacity exceeds."""

    throughput_rps: float
    lower_bound: bool
    allowed_rps: float = inf
    """Most requests a second of an open load: with more requests, the generator would be at its limit."""


@dataclass(frozen=True, slots=True)
class LatencyRates:
    """The rates of open load, in requests a second."""

    equal: int
    """Equal rate of all cells, in requests a second."""
    equal_is_capped: bool
    """True if the equal rate is what the generator may send, since the generator may send less than the share."""
    slowest: str
    """Cell whose capacity the equal rate is a share of."""
    slowest_is_bound: bool
    own: Mapping[str, int]
    """Own rate of each cell, by cell, in requests a second: all cells are equally utilised."""
    own_from_bound: frozenset[str]
    """Cells whose own rate is a share of a lower bound: these cells may be utilised less than other cells."""
    own_capped: frozenset[str]
    """Cells whose own rate is what the generator may send: these cells are utilised less than other cells."""


def latency_rates(capacities: Mapping[str, KnownCapacity | None]) -> LatencyRates | None:
    """Return the rates for cells that are compared with each other; None where no cell has a capacity.

    A cell without a capacity is left out. A lower bound counts as the capacity. The equal rate then is a smaller share
    of the slowest cell's true capacity, never a larger share. No rate is more than the generator may send.
    """
    known = {cell: capacity for cell, capacity in capacities.items() if capacity and capacity.throughput_rps > 0}
    if not known:
        return None
    slowest = min(known, key=lambda cell: known[cell].throughput_rps)
    equal = _whole(known[slowest].throughput_rps * EQUAL_SHARE)
    allowed_rps = min(capacity.allowed_rps for capacity in known.values())
    own = {cell: _whole(capacity.throughput_rps * OWN_SHARE) for cell, capacity in known.items()}
    capped = frozenset(cell for cell, rate in own.items() if rate > known[cell].allowed_rps)
    return LatencyRates(
        equal=_whole(min(equal, allowed_rps)),
        equal_is_capped=equal > allowed_rps,
        slowest=slowest,
        slowest_is_bound=known[slowest].lower_bound,
        own={cell: _whole(min(rate, known[cell].allowed_rps)) for cell, rate in own.items()},
        own_from_bound=frozenset(cell for cell, capacity in known.items() if capacity.lower_bound) - capped,
        own_capped=capped,
    )


def _whole(rate_rps: float) -> int:
    return max(1, int(rate_rps))
