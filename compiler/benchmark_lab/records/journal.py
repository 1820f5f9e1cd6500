"""What the journal says of a run, beside its trials."""

from __future__ import annotations

from benchmark_lab.bundle import Part
from benchmark_lab.records.trial import Purpose


class RoundKey(Part):
    """Names a round: its number counts the rounds, or the rounds of probes, of one hardware value."""

    hardware: str
    purpose: Purpose
    number: int


class Controller(Part):
    """The process that carries a run out."""

    pid: int
    start_ticks: int | None
    """When it started, by its host's kernel."""
    host: str
    mark: str
    """In the environment of what it starts."""


class RunStarted(Part):
    """Journalled when a run starts, and when it is resumed."""

    lab: str
    controller: Controller
    bundle: str
    """Digest of the bundle."""
    git_commit: str | None
    git_dirty: bool | None


class HostsReady(Part):
    """Journalled when a lane's hosts are prepared."""

    hardware: str
    lane: int
    identity: dict[str, str]
    """What must stay the same within a round, such as the CPU's model."""
    versions: dict[str, str]
    cpu_sets: dict[str, str]
    labels: tuple[str, ...]
    machine: dict[str, str] = {}
    """What the hosts are and how they are set, for the provenance."""
    as_found: dict[str, str] = {}
    """Settings that the run changed, as they were before."""
