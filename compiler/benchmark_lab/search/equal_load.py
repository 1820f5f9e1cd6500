"""The rates of the latency phase, from the capacities that the first phase found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

EQUAL_SHARE = 0.5
"""The equal rate, as a share of the slowest cell's capacity."""
OWN_SHARE = 0.7
"""Each cell's own rate, as a share of its own capacity."""


@dataclass(frozen=True, slots=True)
class KnownCapacity:
    """A cell's capacity, or a bound that it exceeds."""

    throughput_rps: float
    lower_bound: bool


@dataclass(frozen=True, slots=True)
class LatencyRates:
    """Rates of open load, in requests a second."""

    equal: int
    """For all cells."""
    slowest: str
    """The cell whose capacity the equal rate is a share of."""
    slowest_is_bound: bool
    own: Mapping[str, int]
    """By cell: equal utilisation."""
    own_from_bound: frozenset[str]
    """Cells whose own rate is a share of a lower bound: they are utilised less than the others."""


def latency_rates(capacities: Mapping[str, KnownCapacity | None]) -> LatencyRates | None:
    """The rates for cells that are compared with each other; None where no cell has a capacity.

    A cell without one is left out. A lower bound counts as the capacity: the equal rate then is a smaller share of the
    slowest cell's true capacity, never a larger one.
    """
    known = {cell: capacity for cell, capacity in capacities.items() if capacity and capacity.throughput_rps > 0}
    if not known:
        return None
    slowest = min(known, key=lambda cell: known[cell].throughput_rps)
    return LatencyRates(
        equal=_share(known[slowest].throughput_rps, EQUAL_SHARE),
        slowest=slowest,
        slowest_is_bound=known[slowest].lower_bound,
        own={cell: _share(capacity.throughput_rps, OWN_SHARE) for cell, capacity in known.items()},
        own_from_bound=frozenset(cell for cell, capacity in known.items() if capacity.lower_bound),
    )


def _share(throughput_rps: float, share: float) -> int:
    return max(1, int(throughput_rps * share))
