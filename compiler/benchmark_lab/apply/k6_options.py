"""Turns a trial's load into k6's options: virtual users, rates and durations."""

from __future__ import annotations

from dataclasses import dataclass

from benchmark_lab.bundle import Load

_CONNECT_S = 0.15
_CONNECT_S_PER_VU = 0.0015
_CONNECTED_S = 0.05
"""Seconds between the end of the connecting and the window.

After these seconds k6 has every virtual user back that the window needs.
"""
_GRACEFUL_STOP = "65s"
"""Time that k6 gives the last requests of an executor: longer than k6's request timeout.

k6 counts no request that k6 interrupts itself, so a hung server would not show with a shorter time.
"""

Options = dict[str, object]


@dataclass(frozen=True, slots=True)
class K6Load:
    """The options and lengths of the warm-up and of the measured window that one trial passes to k6."""

    warmup: Options
    measure: Options
    warmup_s: float
    window_s: float
    connect_s: float
    """Seconds for which the window's process opens connections before the window."""


def k6_load(load: Load) -> K6Load:
    """Return k6's options for a load; in the window every virtual user has a connection already."""
    connect_s = _CONNECT_S + load.vus * _CONNECT_S_PER_VU
    warmup = {"measure": _executor(load, load.warmup_s)}
    measure = {
        "connect": {
            "executor": "ramping-vus",  # the only one that may last less than a second
            "exec": "connect",
            "env": {"SPREAD_S": f"{connect_s / 2:.3f}"},
            "startVUs": load.vus,
            "stages": [{"duration": _milliseconds(connect_s - _CONNECTED_S), "target": load.vus}],
            "gracefulStop": "0s",
            "gracefulRampDown": "0s",
        },
        "measure": {**_executor(load, load.window_s), "startTime": _milliseconds(connect_s)},
    }
    return K6Load({"scenarios": warmup}, {"scenarios": measure}, load.warmup_s, load.window_s, connect_s)


def _executor(load: Load, duration_s: float) -> Options:
    timing: Options = {"duration": _milliseconds(duration_s), "gracefulStop": _GRACEFUL_STOP}
    if load.arrival_rate_rps is None:
        # As long as the executor, an iteration goes on sending (scenarios/lib/iterations.js).
        return {"executor": "constant-vus", "vus": load.vus, "env": {"WINDOW_S": f"{duration_s:.3f}"}, **timing}
    # As many ready as allowed: k6 making virtual users during the window would disturb what it measures.
    users = {"preAllocatedVUs": load.vus, "maxVUs": load.vus}
    rate = round(load.arrival_rate_rps)
    own = {"rate": rate, "timeUnit": "1s", "env": {"RATE": str(rate)}}
    return {"executor": "constant-arrival-rate", **own, **users, **timing}


def _milliseconds(seconds: float) -> str:
    return f"{round(seconds * 1000)}ms"
