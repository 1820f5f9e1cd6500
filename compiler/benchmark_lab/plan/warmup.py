"""A note on a warm-up that may leave a server cold (METHOD 7)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from benchmark_lab.bundle import Cell, Load
from benchmark_lab.source.quantity import counted

LEAST_S = 5.0
"""For pools to fill and runtimes to compile."""
REQUESTS = 5_000
"""For each worker: before, its runtime still optimises, and it may have met hardly any request."""


def short_warmup(warmup_s: float, cells: Sequence[Cell]) -> Iterator[str]:
    """Say that the warm-up is short, or of which cell it has the fewest requests, where their rate is given."""
    missing = [f"{warmup_s:g} s of {LEAST_S:g}"] if warmup_s < LEAST_S else []
    rates = [(cell, cell.load.rate_per_s) for cell in cells if isinstance(cell.load, Load) and cell.load.rate_per_s]
    if rates:
        cell, rate_per_s = min(rates, key=lambda each: each[1] / each[0].workers)
        sent, needed = rate_per_s * warmup_s, REQUESTS * cell.workers
        if sent < needed:
            missing += [f"{cell.id} gets {sent:,.0f} requests of {needed:,} for {counted(cell.workers, 'worker')}"]
    if missing:
        yield f"Warm-up: {'; '.join(missing)}. The figures may be those of a cold server."
