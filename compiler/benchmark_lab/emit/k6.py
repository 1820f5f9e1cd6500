"""A plan's load as k6 options: one configuration for the warm-up, one for the measured window."""

from __future__ import annotations

import json

from benchmark_lab.bundle import Load
from benchmark_lab.plan import Plan
from benchmark_lab.source.quantity import duration_text

_GRACEFUL_STOP = "65s"
"""Longer than k6's request timeout: it counts no request that it interrupts itself, so a hung server would not show."""


def files(plan: Plan) -> dict[str, str]:
    """Return k6's configuration files by path."""
    load = plan.experiment.load
    return {"k6/warmup.json": _config(load, load.warmup_s), "k6/measure.json": _config(load, load.measure_s)}


def _config(load: Load, duration_s: float) -> str:
    config = {"scenarios": {"measure": _executor(load, duration_s)}}
    return json.dumps(config, indent=2, sort_keys=True) + "\n"


def _executor(load: Load, duration_s: float) -> dict[str, object]:
    timing: dict[str, object] = {"duration": duration_text(duration_s), "gracefulStop": _GRACEFUL_STOP}
    if load.rate_per_s is None:
        return {"executor": "constant-vus", "vus": load.vus, **timing}
    # As many ready as allowed: k6 making virtual users during the window would disturb what it measures.
    users = {"preAllocatedVUs": load.vus, "maxVUs": load.vus}
    return {"executor": "constant-arrival-rate", "rate": round(load.rate_per_s), "timeUnit": "1s", **users, **timing}
