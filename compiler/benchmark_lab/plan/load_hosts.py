"""Counts the load hosts that the expected rates take, and warns where the experiment has fewer load hosts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import ceil
from operator import attrgetter

from benchmark_lab.bundle import Cell, Hardware, Load
from benchmark_lab.catalog import Work
from benchmark_lab.resolve import Choice, ResolvedExperiment
from benchmark_lab.source.quantity import counted

GENERATOR_CPU_US_PER_REQUEST = 140
"""Microseconds of CPU time that a request costs k6 at most (METHOD, facts).

The pieces of work that a scenario's manifest tells of cost further CPU time.
"""
GENERATOR_SHARE = 0.5
"""Share of its CPUs' time that k6 may use, for k6's own speed not to show."""


def expected_rate(cell: Cell, hardware: Hardware, experiment: ResolvedExperiment) -> float | None:
    """Return the requests a second that a cell's load comes to at most; None where nothing is known of the server.

    An open load says the rate itself. Any other load may drive every CPU of the server to its limit.
    """
    if isinstance(cell.load, Load) and cell.load.arrival_rate_rps is not None:
        return cell.load.arrival_rate_rps
    cpu_us = experiment.catalog.implementations[cell.implementation].cpu_us_per_request
    if cpu_us is None:
        return None
    scenario = experiment.catalog.scenarios[cell.scenario]
    cost = cpu_us * scenario.relative_cost
    if scenario.work and scenario.work.whole:
        cost *= _pieces(cell, scenario.work) / (scenario.parameters[scenario.work.parameter].min or 1)
    return (hardware.sut.cpus or 1) * 1e6 / cost


def needed_cpus(arrival_rate_rps: float, cell: Cell, experiment: ResolvedExperiment) -> int:
    """Return the CPUs that k6 needs for a rate of the cell's requests."""
    work = experiment.catalog.scenarios[cell.scenario].work
    cost_us = GENERATOR_CPU_US_PER_REQUEST + (work.generator_cpu_us * _pieces(cell, work) if work else 0)
    return ceil(arrival_rate_rps * cost_us / 1e6 / GENERATOR_SHARE)


def _pieces(cell: Cell, work: Work) -> float:
    """Return how many pieces of the scenario's work a request of the cell does."""
    return float(cell.parameters[work.parameter])


def with_load_hosts(
    experiment: ResolvedExperiment, cells: Sequence[Cell]
) -> tuple[ResolvedExperiment, tuple[str, ...]]:
    """Return the experiment with its load hosts counted, and notes on too few load hosts.

    The plan counts the load hosts only where the experiment leaves the number to the plan.
    """
    sized: list[Choice[Hardware]] = []
    notes: list[str] = []
    for choice in experiment.hardware:
        hardware = choice.value
        most = max(_expected(experiment, hardware, cells), key=attrgetter("cpus"), default=None)
        if most is not None and hardware.name in experiment.sized_by_rate and not experiment.target.shared_host:
            wanted = ceil(most.cpus / (hardware.load.cpus or 1))
            load = hardware.load.model_copy(update={"count": min(wanted, experiment.most_load_hosts)})
            hardware = hardware.model_copy(update={"load": load})
        if most is not None:
            notes += _too_few(hardware, most, shared=experiment.target.shared_host)
        sized.append(replace(choice, value=hardware))
    return replace(experiment, hardware=tuple(sized)), (*_unknown(experiment, cells), *notes)


@dataclass(frozen=True, slots=True)
class Expected:
    """The load that a cell may ask of the load hosts."""

    cell: str
    arrival_rate_rps: float
    cpus: int
    """Number of CPUs that k6 needs for the rate."""


def _expected(experiment: ResolvedExperiment, hardware: Hardware, cells: Sequence[Cell]) -> Iterator[Expected]:
    for cell in cells:
        rate = expected_rate(cell, hardware, experiment)
        if cell.hardware == hardware.name and rate is not None:
            yield Expected(cell.id, rate, needed_cpus(rate, cell, experiment))


def _unknown(experiment: ResolvedExperiment, cells: Sequence[Cell]) -> Iterator[str]:
    """Say which implementations the plan leaves out when the plan counts load hosts."""
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
            f"Load: its hosts are counted without {', '.join(sorted(unknown))}, of whose speed no "
            "`cpu_us_per_request` in the manifest tells."
        )


def _too_few(hardware: Hardware, most: Expected, *, shared: bool) -> Iterator[str]:
    each = hardware.load.cpus
    # On one machine several k6 processes share its CPUs.
    there = each if shared or each is None else each * hardware.load.count
    if there is None or there >= most.cpus:
        return
    advice = "" if shared or each is None else f" `load: {{count: {ceil(most.cpus / each)}}}` has them."
    yield (
        f"Load: {most.cell} may reach {most.arrival_rate_rps:,.0f} requests/s, for which k6 needs "
        f"{counted(most.cpus, 'CPU')}; it has {there}. What is limited by k6 is not ranked.{advice}"
    )
