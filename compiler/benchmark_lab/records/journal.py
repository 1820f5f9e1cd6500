"""The parts of a run's journal beside the run's trials."""

from __future__ import annotations

from benchmark_lab.bundle import Part
from benchmark_lab.records.trial import Purpose


class RoundKey(Part):
    """The name of a round: the number counts the rounds, or the rounds of probes, of one hardware value."""

    hardware: str
    purpose: Purpose
    number: int


class Controller(Part):
    """The process that carries out a run."""

    pid: int
    start_ticks: int | None
    """Ticks of the host's kernel at which the process started."""
    host: str
    mark: str
    """Mark of the run in the environment of every process that the controller starts."""


class RunStarted(Part):
    """The journal's event of a run that starts or is resumed."""

    lab: str
    controller: Controller
    bundle: str
    """Digest of the bundle."""
    git_commit: str | None
    git_dirty: bool | None


class HostsReady(Part):
    """The journal's event of a lane whose hosts are prepared."""

    hardware: str
    lane: int
    identity: dict[str, str]
    """Facts about the hosts that must stay the same within a round, such as the CPU's model."""
    versions: dict[str, str]
    cpu_sets: dict[str, str]
    labels: tuple[str, ...]
    machine: dict[str, str] = {}
    """Facts about the hosts and their settings, for the provenance."""
    as_found: dict[str, str] = {}
    """Settings of the hosts before the run changed the settings."""
