"""An M/M/c queue, whose response times are known analytically, and what a window measures of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import exp, inf, log

import numpy as np
from scipy.optimize import brentq


@dataclass(frozen=True)
class Queue:
    """`servers` of exponential service at `service_rate` each; arrivals are a Poisson process."""

    servers: int
    service_rate: float

    @property
    def capacity(self) -> float:
        return self.servers * self.service_rate

    def waits(self, rate: float) -> float:
        """Probability that an arrival waits: Erlang's C formula, by the recursion of his B formula."""
        offered, blocked = rate / self.service_rate, 1.0
        for busy in range(1, self.servers + 1):
            blocked = offered * blocked / (busy + offered * blocked)
        return blocked / (1 - offered / self.servers * (1 - blocked))

    def survival(self, rate: float) -> Callable[[float], float]:
        """P(response time > t): an exponential service, and with `waits` an exponential wait before it.

        Source: D. Gross et al., Fundamentals of Queueing Theory, 4th ed., §2.3 (waiting time of M/M/c), convolved with
        the service time.
        """
        waits, mu, drain = self.waits(rate), self.service_rate, self.capacity - rate

        def beyond(t: float) -> float:
            if abs(drain - mu) < 1e-9 * mu:
                return (1 + waits * mu * t) * exp(-mu * t)
            convolved = (drain * exp(-mu * t) - mu * exp(-drain * t)) / (drain - mu)
            return (1 - waits) * exp(-mu * t) + waits * convolved

        return beyond

    def response_time(self, quantile: float, rate: float) -> float:
        """The quantile of the response time at this arrival rate; infinite from the capacity on."""
        if rate >= self.capacity:
            return inf
        beyond, tail = self.survival(rate), 1 - quantile
        longest = log(1 / tail) * (1 / self.service_rate + 1 / (self.capacity - rate)) * 2
        return float(brentq(lambda t: beyond(t) - tail, 0, longest, xtol=1e-12))

    def rate_for(self, quantile: float, limit: float) -> float:
        """The arrival rate at which the quantile of the response time is `limit`."""
        nearly = self.capacity * (1 - 1e-9)
        return float(brentq(lambda rate: self.response_time(quantile, rate) - limit, 1e-9, nearly))


def measured_p99(queue: Queue, rate: float, samples: int, chance: np.random.Generator) -> float:
    """The p99 of independent samples: an order statistic, whose rank in the population has a beta distribution."""
    rank = int(np.ceil(0.99 * samples))
    return queue.response_time(chance.beta(rank, samples + 1 - rank), rate)


def simulated_p99(rate: float, samples: int, chance: np.random.Generator) -> float:
    """The p99 of the successive, hence correlated, response times of a simulated M/M/1 with service rate 1.

    Source: D. V. Lindley, The theory of queues with a single server (1952): W' = max(0, W + S - A).
    """
    service = chance.exponential(1, samples)
    steps = np.cumsum(np.append(0, service[:-1] - chance.exponential(1 / rate, samples - 1)))
    return float(np.percentile(steps - np.minimum.accumulate(steps) + service, 99))
