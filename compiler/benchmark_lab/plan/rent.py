"""Computes what rented hosts cost, and when rented hosts end themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from benchmark_lab.bundle import Cell, Hardware, HostShape
from benchmark_lab.plan.duration import worst_case_s
from benchmark_lab.resolve import ResolvedExperiment

RENTING_S = 600.0
"""Seconds allowed for renting hosts, their boot, what is installed on the hosts, and their end: minutes each."""
BESIDE_USD_PER_HOUR = 0.01
"""Dollars an hour for a host's public address ($0.005) and its volume of at most 40 GiB (less than $0.005)."""


@dataclass(frozen=True, slots=True)
class Rent:
    """The rent of the hosts of all lanes at worst."""

    hosts: int
    """Number of hosts at the same time."""
    usd_per_hour: float
    """Dollars an hour of the dearest hardware value, all lanes together."""
    limit_s: float
    """Seconds that the hosts of one hardware value live at most."""
    total_s: float
    """Seconds for all hardware values, one after the other."""
    usd: float


def rent_of(experiment: ResolvedExperiment, cells: Sequence[Cell]) -> Rent | None:
    """Return what the hosts of an experiment cost at worst; None where its target rents no hosts."""
    if experiment.target.region is None:
        return None
    in_use = {cell.hardware for cell in cells}
    values = [choice.value for choice in experiment.hardware if choice.value.name in in_use]
    seconds = [
        RENTING_S
        + worst_case_s(
            experiment.load,
            experiment.rounds,
            [cell for cell in cells if cell.hardware == value.name],
            lanes=experiment.lanes,
            load_hosts=value.load.count,
        )
        for value in values
    ]
    limit_s = ceil(max(seconds) / 60) * 60.0
    prices = [usd_per_hour(experiment, value) for value in values]
    return Rent(
        hosts=max(map(_hosts, values)) * experiment.lanes,
        usd_per_hour=max(prices),
        limit_s=limit_s,
        total_s=sum(seconds),
        usd=sum(prices) * limit_s / 3600,
    )


def usd_per_hour(experiment: ResolvedExperiment, hardware: Hardware) -> float:
    """Return the dollars an hour of a hardware value's hosts in all lanes."""
    types, region = experiment.catalog.instances[experiment.target_name].types, experiment.target.region

    def price(host: HostShape) -> float:
        assert host.type is not None  # noqa: S101  for the type checker: a rented host has a type, and its target
        assert region is not None  # noqa: S101  a region
        return host.count * (types[host.type].usd_per_hour[region] + BESIDE_USD_PER_HOUR)

    return experiment.lanes * sum(map(price, (hardware.sut, hardware.load, hardware.db)))


def _hosts(hardware: Hardware) -> int:
    return hardware.sut.count + hardware.load.count + hardware.db.count
