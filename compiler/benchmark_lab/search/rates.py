"""The rates of the latency phase, from the capacities that the first phase found and what the generator may send."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf

EQUAL_SHARE = 0.5
"""The equal rate, as a share of the slowest cell's capacity."""
OWN_SHARE = 0.7
"""Each cell's own rate, as a share of its own capacity."""


@dataclass(frozen=True, slots=True)
class KnownCapacity:
    """A cell's capacity, or a bound that it exceeds."""

    throughput_rps: float
    lower_bound: bool
    allowed_rps: float = inf
    """Of an open load: at more the generator would be at its limit."""


@dataclass(frozen=True, slots=True)
class LatencyRates:
    """Rates of open load, in requests a second."""

    equal: int
    """For all cells."""
    equal_is_capped: bool
    """Whether it is what the generator may send, since that is less than the share."""
    slowest: str
    """The cell whose capacity the equal rate is a share of."""
    slowest_is_bound: bool
    own: Mapping[str, int]
    """By cell: equal utilisation."""
    own_from_bound: frozenset[str]
    """Cells whose own rate is a share of a lower bound: they may be utilised less than the others."""
    own_capped: frozenset[str]
    """Cells whose own rate is what the generator may send: they are utilised less than the others."""


def latency_rates(capacities: Mapping[str, KnownCapacity | None]) -> LatencyRates | None:
    """The rates for cells that are compared with each other; None where no cell has a capacity.

    A cell without one is left out. A lower bound counts as the capacity: the equal rate then is a smaller share of the
    slowest cell's true capacity, never a larger one. No rate is more than the generator may send.
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
