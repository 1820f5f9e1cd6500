"""Writes a note on a warm-up that may leave a server cold (METHOD 7)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from benchmark_lab.bundle import Cell, Load
from benchmark_lab.catalog import Catalog
from benchmark_lab.source.quantity import counted

LEAST_S = 5.0
"""Least seconds of a warm-up: pools need so many seconds to fill, and runtimes to compile."""
REQUESTS = 1_000
"""Least requests of a warm-up for each worker: before, a worker may have met hardly any request."""
REQUESTS_COMPILED = 5_000
"""Least requests of a warm-up for each worker, where the runtime compiles a program while the program runs.

Before so many requests, the runtime still optimises.
"""


def short_warmup(warmup_s: float, cells: Sequence[Cell], catalog: Catalog) -> Iterator[str]:
    """Say that the warm-up is short, or which cell gets the smallest share of the requests that the cell needs."""
    missing = [f"{warmup_s:g} s of {LEAST_S:g}"] if warmup_s < LEAST_S else []
    short: list[tuple[float, str]] = []
    for cell in cells:
        if isinstance(cell.load, Load) and cell.load.arrival_rate_rps:
            language = catalog.languages[catalog.implementations[cell.implementation].language]
            needed = cell.workers * (REQUESTS_COMPILED if language.compiles_while_running else REQUESTS)
            sent, workers = cell.load.arrival_rate_rps * warmup_s, counted(cell.workers, "worker")
            short.append((sent / needed, f"{cell.id} gets {sent:,.0f} requests of {needed:,} for {workers}"))
    missing += [said for share, said in sorted(short)[:1] if share < 1]
    if missing:
        yield f"Warm-up: {'; '.join(missing)}. The figures may be those of a cold server."
