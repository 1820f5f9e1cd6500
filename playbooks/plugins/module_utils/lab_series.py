"""What a running k6 has counted, asked of its own API once a second, as a series over its window."""

from __future__ import annotations

import http.client
import json
import math
import operator
import time
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from ansible.module_utils.lab_sampler import value_at

if TYPE_CHECKING:
    from collections.abc import Sequence

INTERVAL_S = 1.0
RETRY_S = 0.05
LOOK_S = 0.01
COLLECTS_S = 0.05
"""How often k6 takes up what its virtual users have counted: only a value that has just changed is fresh."""
TIMEOUT_S = 0.5
REQUESTS = "http_reqs"
ANSWERS = "series_answers"
"""A counter of the scenarios: one successful response in ten."""
LATENCY = "series_latency_ms"
"""Likewise the sum of their latencies. k6's trend is not asked: it sorts all its values each time it tells of them."""


class Progress(NamedTuple):
    """What k6 had counted by a time since the window began."""

    elapsed_s: float
    requests: float
    answers: float = 0.0
    latency_ms: float = 0.0


@dataclass
class Follower:
    """Asks one k6 for its counters whenever a second of its window has passed."""

    port: int
    """Of its API, on loopback."""
    window_at_s: float = 0.0
    """When the window begins, in seconds since k6's executors began."""
    due_s: float = field(default_factory=time.monotonic)
    """When to ask next, on the monotonic clock."""
    seen: list[Progress] = field(default_factory=list)
    _stale: Progress | None = None
    _connection: http.client.HTTPConnection | None = None

    @property
    def in_window(self) -> bool:
        """Whether the window is known to have begun: it was found out within RETRY_S of its begin, if k6 answered."""
        return self._stale is not None or bool(self.seen)

    def ask(self) -> None:
        """Look at what k6 has counted by now; what changed since the last look is fresh, and taken.

        Before its first request there is nothing, and k6 is asked again soon.
        """
        asked_s = time.monotonic()
        self.due_s = asked_s + RETRY_S
        try:
            requests = self._get(REQUESTS)
            if not requests.get("rate"):
                return
            # k6 divides by the time since its executors began.
            elapsed_s = requests["count"] / requests["rate"] - self.window_at_s
            if elapsed_s < 0:
                self.due_s = asked_s - elapsed_s
                return
            self.due_s = asked_s + LOOK_S
            if self._stale is None:
                self._stale = Progress(elapsed_s, requests["count"])
            elif requests["count"] > self._stale.requests or elapsed_s > self._stale.elapsed_s + COLLECTS_S:
                answers, latency_ms = (self._get(metric).get("count", 0.0) for metric in (ANSWERS, LATENCY))
                self.seen.append(Progress(elapsed_s, requests["count"], answers, latency_ms))
                self._stale = None
                self.due_s = asked_s + (math.floor(elapsed_s / INTERVAL_S) + 1) * INTERVAL_S - elapsed_s
        except (OSError, http.client.HTTPException, ValueError):
            self.close()

    def close(self) -> None:
        """Close the connection; the next question opens another."""
        if self._connection:
            self._connection.close()
        self._connection = None

    def _get(self, metric: str) -> dict[str, float]:
        """A counter's `count` and `rate`; empty as long as nothing was counted."""
        if self._connection is None:
            self._connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT_S)
        self._connection.request("GET", f"/v1/metrics/{metric}")
        answer = self._connection.getresponse()
        body = json.loads(answer.read())
        sample: dict[str, float] = body["data"]["attributes"]["sample"] if answer.status == http.client.OK else {}
        return sample


def series(seen: Sequence[Progress], last: Progress) -> dict[str, object]:
    """Throughput and mean latency of each whole second of the window, by the names of the record.

    Args:
        seen: while k6 ran, in order.
        last: the window's length and counts, from k6's summary.

    Returns:
        No latencies where the scenario does not count them, or a second had no successful response.
    """
    before_end = [progress for progress in seen if progress.elapsed_s < last.elapsed_s]
    points = [(progress.elapsed_s, progress) for progress in (Progress(0, 0), *before_end, last)]
    marks = [Progress(*value_at(points, n * INTERVAL_S)) for n in range(int(last.elapsed_s / INTERVAL_S) + 1)]
    intervals = [Progress(*map(operator.sub, after, before)) for before, after in pairwise(marks)]
    is_counted = any(progress.answers for progress in seen) and all(interval.answers for interval in intervals)
    return {
        "series_interval_s": INTERVAL_S,
        "throughput_series_rps": [round(interval.requests / INTERVAL_S, 2) for interval in intervals],
        "latency_series_ms": [round(i.latency_ms / i.answers, 3) for i in intervals] if is_counted else [],
    }
