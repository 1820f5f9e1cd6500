"""A trial's load as k6 carries it out: virtual users, rates and durations to k6's options."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from benchmark_lab.bundle import SAMPLES, Load, LoadAsked

POISSON_SPREAD_S = 0.25
"""How far evenly spaced arrivals are displaced at most; scenarios/lib/arrivals.js has the same figure."""

_READY_VUS_PER_RATE = 0.25
_FEWEST_READY_VUS = 20
_MOST_READY_VUS = 1000
_SPARE = 1.02
"""What a window plans beyond the samples that it needs, for not every planned request ends within it."""
_LONGEST_WINDOW_S = 300.0
"""That samples are waited for."""
_CONNECT_S = 0.15
_CONNECT_S_PER_VU = 0.0015
_CONNECTED_S = 0.05
"""Between the end of the connecting and the window: k6 then has every virtual user back that the window needs."""
_GRACEFUL_STOP = "65s"
"""Longer than k6's request timeout: it counts no request that it interrupts itself, so a hung server would not show."""

Options = dict[str, object]


@dataclass(frozen=True, slots=True)
class K6Load:
    """What one trial passes to k6: options and length of the warm-up and of the measured window."""

    warmup: Options
    measure: Options
    warmup_s: float
    measure_s: float
    connect_s: float
    """How long the window's process opens connections before the window."""


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
        "measure": {**_executor(load, load.measure_s), "startTime": _milliseconds(connect_s)},
    }
    return K6Load({"scenarios": warmup}, {"scenarios": measure}, load.warmup_s, load.measure_s, connect_s)


def lead_s(load_hosts: int) -> float:
    """Return how far ahead several load hosts agree on a begin: once of the warm-up, once of the window."""
    return 0.5 + 0.05 * load_hosts


def open_load(
    rate_per_s: float, *, warmup_s: float, measure_s: float, vus: int | None = None, poisson: bool = False
) -> Load:
    """Return an open load; without `vus` as many are kept ready as answers of a quarter of a second take.

    Poisson arrivals are evenly spaced ones that wait up to POISSON_SPREAD_S, each in a further virtual user.
    """
    ready = max(_FEWEST_READY_VUS, min(_MOST_READY_VUS, ceil(rate_per_s * _READY_VUS_PER_RATE)))
    waiting = ceil(rate_per_s * POISSON_SPREAD_S) if poisson else 0
    return Load(
        model="open",
        vus=(vus or ready) + waiting,
        rate_per_s=rate_per_s,
        arrivals="poisson" if poisson else "uniform",
        warmup_s=warmup_s,
        measure_s=measure_s,
    )


def window_s(asked: LoadAsked, samples: int, rate_per_s: float) -> float:
    """Return how long a window lasts: as was asked, or as so many samples take, but for these at most 300 s."""
    return max(asked.measure_s, min(samples * _SPARE / rate_per_s, _LONGEST_WINDOW_S))


def search_window_s(asked: LoadAsked, rate_per_s: float) -> float:
    """Return the window of a search's probe, with the samples of its percentiles.

    At a rate at which they would take longer than the longest window, the promises can't be tested.
    """
    return window_s(asked, max(SAMPLES[promise.metric] for promise in asked.promises), rate_per_s)


def _executor(load: Load, duration_s: float) -> Options:
    timing: Options = {"duration": _milliseconds(duration_s), "gracefulStop": _GRACEFUL_STOP}
    if load.rate_per_s is None:
        # As long as the executor, an iteration goes on sending (scenarios/lib/iterations.js).
        return {"executor": "constant-vus", "vus": load.vus, "env": {"WINDOW_S": f"{duration_s:.3f}"}, **timing}
    # As many ready as allowed: k6 making virtual users during the window would disturb what it measures.
    users = {"preAllocatedVUs": load.vus, "maxVUs": load.vus}
    rate = round(load.rate_per_s)
    own = {"rate": rate, "timeUnit": "1s", "env": {"RATE": str(rate)}}
    return {"executor": "constant-arrival-rate", **own, **users, **timing}


def _milliseconds(seconds: float) -> str:
    return f"{round(seconds * 1000)}ms"
