"""How many load boxes the expected rates take, and a warning where the experiment has fewer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from math import ceil
from operator import itemgetter

from benchmark_lab.bundle import Cell, Hardware, Load
from benchmark_lab.resolve import Choice, Experiment
from benchmark_lab.source.quantity import counted

GENERATOR_CPU_S_PER_REQUEST = 140e-6
"""What a request costs k6 at most (METHOD, facts)."""
GENERATOR_SHARE = 0.5
"""Of its CPUs' time that k6 may use, for its own speed not to show."""


def expected_rate(cell: Cell, hardware: Hardware, experiment: Experiment) -> float | None:
    """Return the requests a second that a cell's load comes to at most; None where nothing is known of the server.

    An open load says so itself; any other may drive every CPU of the server to its limit.
    """
    if isinstance(cell.load, Load) and cell.load.rate_per_s is not None:
        return cell.load.rate_per_s
    cpu_us = experiment.catalog.implementations[cell.implementation].cpu_us_per_request
    if cpu_us is None:
        return None
    return (hardware.sut.cpus or 1) * 1e6 / (cpu_us * experiment.catalog.scenarios[cell.scenario].relative_cost)


def needed_cpus(rate_per_s: float) -> int:
    """Return the CPUs that k6 needs for a rate."""
    return ceil(rate_per_s * GENERATOR_CPU_S_PER_REQUEST / GENERATOR_SHARE)


def with_load_boxes(experiment: Experiment, cells: Sequence[Cell]) -> tuple[Experiment, tuple[str, ...]]:
    """Return the experiment with its load boxes counted where it leaves that to the plan, and notes on too few."""
    sized: list[Choice[Hardware]] = []
    notes: list[str] = []
    for choice in experiment.hardware:
        hardware = choice.value
        fastest = max(_rates(experiment, hardware, cells), key=itemgetter(0), default=None)
        if fastest is not None and hardware.name in experiment.sized_by_rate and not experiment.target.shared_host:
            wanted = ceil(needed_cpus(fastest[0]) / (hardware.load.cpus or 1))
            load = hardware.load.model_copy(update={"count": min(wanted, experiment.most_load_boxes)})
            hardware = hardware.model_copy(update={"load": load})
        if fastest is not None:
            notes += _too_few(hardware, *fastest, shared=experiment.target.shared_host)
        sized.append(replace(choice, value=hardware))
    return replace(experiment, hardware=tuple(sized)), (*_unknown(experiment, cells), *notes)


def _rates(experiment: Experiment, hardware: Hardware, cells: Sequence[Cell]) -> Iterator[tuple[float, str]]:
    for cell in cells:
        rate = expected_rate(cell, hardware, experiment)
        if cell.hardware == hardware.name and rate is not None:
            yield rate, cell.id


def _unknown(experiment: Experiment, cells: Sequence[Cell]) -> Iterator[str]:
    """Say which implementations the plan counts load boxes without."""
    if experiment.target.shared_host:
        return
    counted = [choice.value for choice in experiment.hardware if choice.value.name in experiment.sized_by_rate]
    unknown = {
        cell.implementation
        for hardware in counted
        for cell in cells
        if cell.hardware == hardware.name and expected_rate(cell, hardware, experiment) is None
    }
    if unknown:
        yield (
            f"Load: its boxes are counted without {', '.join(sorted(unknown))}, of whose speed no "
            "`cpu_us_per_request` in the manifest tells."
        )


def _too_few(hardware: Hardware, rate_per_s: float, cell: str, *, shared: bool) -> Iterator[str]:
    each = hardware.load.cpus
    wanted = needed_cpus(rate_per_s)
    # On one machine several k6 processes share its CPUs.
    there = each if shared or each is None else each * hardware.load.count
    if there is None or there >= wanted:
        return
    advice = "" if shared or each is None else f" `load: {{count: {ceil(wanted / each)}}}` has them."
    yield (
        f"Load: {cell} may reach {rate_per_s:,.0f} requests/s, for which k6 needs {counted(wanted, 'CPU')}; it has "
        f"{there}. What is limited by k6 is not ranked.{advice}"
    )
