"""Computes the loads of trials: ready virtual users of an open load, how long a window lasts, when hosts begin it."""

from __future__ import annotations

from math import ceil

from benchmark_lab.bundle import Load, LoadAsked

POISSON_SPREAD_S = 0.25
"""Most seconds by which evenly spaced arrivals are displaced; scenarios/lib/arrivals.js has the same figure."""

_READY_VUS_PER_RATE = 0.25
_FEWEST_READY_VUS = 20
_MOST_READY_VUS = 1000
_SPARE = 1.02
"""Ratio of planned to needed samples of a window, for not every planned request ends within the window."""
_LONGEST_WINDOW_S = 300.0
"""Most seconds that a window waits for samples."""


def lead_s(load_hosts: int) -> float:
    """Return how many seconds ahead several load hosts agree on a begin: once of the warm-up, once of the window."""
    return 0.5 + 0.05 * load_hosts


def open_load(
    arrival_rate_rps: float, *, warmup_s: float, window_s: float, vus: int | None = None, poisson: bool = False
) -> Load:
    """Return an open load.

    Without `vus`, as many virtual users are kept ready as answers of a quarter of a second take. Poisson arrivals are
    evenly spaced arrivals that wait up to POISSON_SPREAD_S, each in a further virtual user.
    """
    ready = max(_FEWEST_READY_VUS, min(_MOST_READY_VUS, ceil(arrival_rate_rps * _READY_VUS_PER_RATE)))
    waiting = ceil(arrival_rate_rps * POISSON_SPREAD_S) if poisson else 0
    return Load(
        model="open",
        vus=(vus or ready) + waiting,
        arrival_rate_rps=arrival_rate_rps,
        arrivals="poisson" if poisson else "uniform",
        warmup_s=warmup_s,
        window_s=window_s,
    )


def needed_window_s(asked: LoadAsked, samples: int, arrival_rate_rps: float) -> float:
    """Return the seconds that a window lasts: as asked, or as so many samples take, but for samples at most 300 s."""
    return max(asked.window_s, min(samples * _SPARE / arrival_rate_rps, _LONGEST_WINDOW_S))


def search_window_s(asked: LoadAsked, arrival_rate_rps: float) -> float:
    """Return the seconds of the window of a search's probe, with the samples of its percentiles.

    At a rate at which the samples would take longer than the longest window, the objectives can't be tested.
    """
    return needed_window_s(asked, max(objective.samples for objective in asked.objectives), arrival_rate_rps)
