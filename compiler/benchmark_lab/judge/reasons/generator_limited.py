"""The reason `generator-limited` (METHOD 10 and 11)."""

from __future__ import annotations

from benchmark_lab.judge.case import Case
from benchmark_lab.judge.rule import reason

ROUNDING = 0.01
"""Share by which a rate may exceed the generator's share: a load of exactly the generator's share is not too much."""


@reason(
    "generator-limited",
    rank=100,
    needs="load",
    thresholds=("generator_cpu", "generator_cpus_busy", "generator_share"),
    bound="generator",
)
def generator_limited(case: Case) -> str | None:
    """k6, its CPU set or its calibrated rate was near its end, so the server might do more.

    Of several load hosts, the CPUs of the busiest count, and the rate of all together. A rate may exceed
    `generator_share` by 1 %, which is rounding.

    Do: give `load` more CPUs or more hosts, or ask for less.
    """
    k6, thresholds, calibrated = case.k6, case.thresholds, case.calibration.generator_rps
    who = "k6" if k6.processes == 1 else f"the {k6.processes} k6 processes"
    used = f"{who} used {case.generator_cpu:.1%} of {'its' if k6.processes == 1 else 'their busiest'} CPU set"
    if case.generator_cpu > thresholds.generator_cpu:
        return f"{used}, at most {thresholds.generator_cpu:.0%} are allowed"
    if k6.cpus_busy > thresholds.generator_cpus_busy:
        return f"{used}, which was {k6.cpus_busy:.1%} busy, at most {thresholds.generator_cpus_busy:.0%} are allowed"
    if calibrated and case.measured and case.requests_per_s > calibrated * thresholds.generator_share * (1 + ROUNDING):
        return (
            f"{case.requests_per_s:,.0f} requests a second are {case.requests_per_s / calibrated:.1%} of the "
            f"{calibrated:,.0f} that {who} can send, at most {thresholds.generator_share:.0%} are allowed"
        )
    return None
