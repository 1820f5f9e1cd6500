"""The thresholds from which on a trial is invalid or brings a warning, each in one place with its default."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field

from benchmark_lab.bundle.file import Part
from benchmark_lab.bundle.share import Share


class Thresholds(Part):
    """The thresholds from which on a trial is invalid (METHOD.md 10).

    Editors and docs/verdicts.md say of a threshold what the docstring of its field says.
    """

    model_config = ConfigDict(use_attribute_docstrings=True)

    errors: Share = 0.001
    """Failed requests over all requests, at most."""
    achieved: Share = 0.99
    """Open load: completed iterations over planned iterations, at least."""
    generator_cpu: Share = 0.8
    """CPU time of k6 over the time of its CPU set, at most."""
    generator_cpus_busy: Share = 0.95
    """Busy time of k6's CPU set, whoever uses it, at most."""
    generator_share: Share = 0.5
    """Requests a second over the generator's calibrated rate, at most."""
    lag_ms: Annotated[float, Field(gt=0)] = 2.0
    """Open load: milliseconds by which one iteration in 100 may start late."""
    database_cpu: Share = 0.7
    """CPU time of PostgreSQL over the time of its CPU set, at most."""
    database_share: Share = 0.7
    """Transactions a second over the database's calibrated rate, at most."""
    upstream_cpu: Share = 0.7
    """CPU time of the upstream over the time of its CPU set, at most."""
    littles_law: Share = 0.05
    """Closed load: how far throughput times mean latency may be from the virtual users."""
    drift: Share = 0.03
    """Change of the throughput over the window, at most."""
    steal: Share = 0.01
    """Time that the hypervisor took of a role's CPUs, at most; ten times that on a shared machine."""
    others_cpu: Share = 0.1
    """CPU time of other processes than the server's over the time of its CPU set, at most."""
    requests: Annotated[int, Field(ge=1)] = 100
    """Requests in a window, at least."""
    worker_imbalance: Annotated[float, Field(ge=1)] = 1.5
    """CPU time of the busiest worker over the workers' mean, at most."""
