"""The reason `littles-law` (METHOD 10)."""

from __future__ import annotations

from benchmark_lab.judge.case import Case
from benchmark_lab.judge.rule import reason

TIMEOUT_S = 60
"""Seconds that k6 waits for a response."""


@reason("littles-law", rank=110, thresholds=("littles_law",), bound="generator")
def littles_law(case: Case) -> str | None:
    """Closed load: the virtual users were not in requests nearly all the time, so the generator held them back.

    By Little's law, throughput times mean latency is the number of virtual users in a request.

    Do: as for `generator-limited`. Or use more virtual users, so that each waits longer for its response.
    """
    # The mean is that of successful responses. A failed request may have taken no time, and one without a response as
    # long as k6 waits. Nobody is to blame for the time between the planned window and the end of the last request.
    k6, load, allowed = case.k6, case.load, case.thresholds.littles_law
    if load.model != "closed" or not k6.latency_mean_ms:
        return None
    request_s = k6.latency_mean_ms / 1000
    most_s = k6.requests * request_s + k6.failures.get("no answer", 0) * TIMEOUT_S
    most = most_s / case.sending_s
    least = (k6.requests - k6.failed_requests) * request_s / max(k6.window_taken_s, load.window_s)
    if load.vus * (1 - allowed) <= most and least <= load.vus * (1 + allowed):
        return None
    return (
        f"by throughput and mean latency {most if most < load.vus else least:.1f} virtual users were in a request "
        f"at a time, and there are {load.vus}; at most {allowed:.0%} apart are allowed"
    )
