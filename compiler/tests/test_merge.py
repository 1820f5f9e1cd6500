"""Merged loads against the percentiles of the pooled raw latencies."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmark_lab.records import HostObservation, LoadObservation
from benchmark_lab.statistics.merge import Distribution, merge_hosts, merge_latencies, merge_loads

TAIL = ("0.9995", "0.9999", "0.99999")
CHANCE = np.random.default_rng(20261122)
FAILED_MS = 60_000.0


def reported(latencies_ms: np.ndarray) -> Distribution:
    """What k6 says of these latencies: linear between ranks, to the microsecond."""
    grid = np.percentile(latencies_ms, np.arange(1001) / 10).round(3)
    tail = np.percentile(latencies_ms, [100 * float(name) for name in TAIL]).round(3)
    return Distribution(len(latencies_ms), tuple(grid.tolist()), dict(zip(TAIL, tail.tolist(), strict=True)))


def lognormal(median: float, sigma: float, n: int) -> np.ndarray:
    return CHANCE.lognormal(np.log(median), sigma, n)


SHAPES = {
    "alike": [lognormal(5, 0.5, 100_000), lognormal(5, 0.5, 100_000)],
    "one three times slower": [lognormal(5, 0.6, 100_000), lognormal(15, 0.6, 80_000)],
    "four of different widths": [lognormal(3 + width, width, 60_000) for width in (0.2, 0.5, 0.8, 1.2)],
    "bimodal": [
        np.concatenate([lognormal(2, 0.1, 70_000), lognormal(40, 0.2, 30_000)]),
        np.concatenate([lognormal(2, 0.1, 40_000), lognormal(40, 0.2, 60_000)]),
    ],
    "heavy tail": [1 + CHANCE.pareto(1.5, 150_000), 4 * (1 + CHANCE.pareto(1.5, 90_000))],
    "a tail in one only": [lognormal(5, 0.1, 100_000), 4 * (1 + CHANCE.pareto(2, 50_000))],
    "very unequal counts": [lognormal(5, 0.5, 200_000), lognormal(50, 0.5, 1_500)],
    "a process of failures": [lognormal(5, 0.5, 150_000), np.full(1_000, FAILED_MS)],
    "a few failures in each": [
        np.append(lognormal(5, 0.5, 100_000), np.full(30, FAILED_MS)),
        np.append(lognormal(7, 0.5, 100_000), np.full(12, FAILED_MS)),
    ],
    "constant": [np.full(20_000, 3.0), np.full(10_000, 3.0)],
}


@pytest.mark.parametrize("shape", SHAPES)
def test_merged_percentiles_are_those_of_the_pooled_latencies(shape: str) -> None:
    parts = SHAPES[shape]
    merged = merge_latencies([reported(part) for part in parts])
    pooled = reported(np.concatenate(parts))
    assert merged.count == pooled.count
    for step in (0, 500, 900, 990, 999, 1000):
        assert merged.quantiles_ms[step] == pytest.approx(pooled.quantiles_ms[step], rel=0.005), step
    for name in TAIL[:2]:
        assert merged.tail_ms[name] == pytest.approx(pooled.tail_ms[name], rel=0.1), name


@settings(deadline=None)  # a busy machine is no bug
@given(st.lists(st.lists(st.floats(0, 60_000), min_size=1, max_size=50), min_size=1, max_size=4))
def test_merged_quantiles_rise_between_the_shortest_and_the_longest_latency(parts: list[list[float]]) -> None:
    merged = merge_latencies([reported(np.array(part)) for part in parts])
    pooled = [latency for part in parts for latency in part]
    assert merged.quantiles_ms[0] == pytest.approx(max(0.001, min(pooled)), abs=0.001)
    assert merged.quantiles_ms[-1] == pytest.approx(max(0.001, *pooled), abs=0.001)
    assert all(lower <= higher for lower, higher in pairwise(merged.quantiles_ms))


def test_parts_that_agree_are_merged_to_what_they_agree_on() -> None:
    part = reported(SHAPES["one three times slower"][0])
    merged = merge_latencies([part] * 3)
    assert merged.quantiles_ms == pytest.approx(part.quantiles_ms, rel=3e-3)
    assert merged.quantiles_ms[10:991] == pytest.approx(part.quantiles_ms[10:991], rel=2e-4)


def test_parts_without_requests_add_nothing() -> None:
    part = reported(SHAPES["alike"][0])
    assert merge_latencies([Distribution(0, (), {}), part]) == merge_latencies([part])
    assert merge_latencies([]) == Distribution(0, (), {})


def observed(latencies_ms: np.ndarray, **fields: object) -> LoadObservation:
    seen = reported(latencies_ms)
    defaults: dict[str, object] = {
        "window_taken_s": 20.0,
        "requests": seen.count,
        "iterations": seen.count,
        "latency_quantiles_ms": seen.quantiles_ms,
        "latency_tail_ms": seen.tail_ms,
        "latency_mean_ms": float(latencies_ms.mean()),
        "cpu_s": 9.0,
        "cpus": 1,
        "wall_s": 20.4,
        "cpus_busy": 0.5,
    }
    return LoadObservation.model_validate(defaults | fields)


def test_counters_are_summed_and_the_rest_is_weighted_or_the_longest() -> None:
    one = observed(np.full(3_000, 4.0), failures={"status 503": 3, "no answer": 1}, failed_requests=4, lags=900)
    other = observed(
        np.full(1_000, 8.0),
        failures={"status 503": 2},
        failed_requests=2,
        dropped_iterations=5,
        window_taken_s=20.5,
        wall_s=21.0,
        cpus=3,
        cpus_busy=0.9,
        lags=300,
        lag_p99_ms=7.0,
    )
    merged = merge_loads([one, other])
    assert (merged.lags, merged.lag_p99_ms) == (1_200, 7.0)
    assert (merged.requests, merged.iterations, merged.dropped_iterations) == (4_000, 4_000, 5)
    assert (merged.failed_requests, merged.failures) == (6, {"status 503": 5, "no answer": 1})
    assert (merged.window_taken_s, merged.wall_s, merged.cpu_s, merged.cpus) == (20.5, 21.0, 18.0, 4)
    assert merged.latency_mean_ms == pytest.approx((2_996 * 4 + 998 * 8) / 3_994)
    assert merged.cpus_busy == 0.9
    assert merged.parts == (one, other)
    assert (merged.latency_quantiles_ms[500], merged.latency_quantiles_ms[990]) == (4, 8)
    assert merged.problem is None


def test_series_are_added_second_by_second_as_far_as_all_go() -> None:
    one = observed(np.full(100, 4.0), throughput_series_rps=(10, 20, 30), latency_series_ms=(2, 2, 2))
    other = observed(np.full(100, 4.0), throughput_series_rps=(30, 20), latency_series_ms=(6, 4))
    merged = merge_loads([one, other])
    assert (merged.throughput_series_rps, merged.latency_series_ms) == ((40, 40), (5, 3))
    assert merge_loads([one, observed(np.full(100, 4.0))]).throughput_series_rps == ()


def test_hosts_of_one_role_are_counted_in_sum_and_the_busiest_and_noisiest_stand_for_all() -> None:
    one = HostObservation(cpus_busy=0.2, steal=0.0, context_switches=10, tcp_retransmits=1)
    other = HostObservation(cpus_busy=0.6, steal=0.1, context_switches=30)
    merged = merge_hosts([one, other])
    assert [merged.cpus_busy, merged.steal] == [0.6, 0.1]
    assert (merged.context_switches, merged.tcp_retransmits) == (40, 1)


def test_the_first_problem_says_whose_it_is() -> None:
    fine, failed = observed(np.full(100, 4.0)), LoadObservation(problem="k6 was ended by signal 9 (SIGKILL)")
    merged = merge_loads([fine, failed, failed])
    assert merged.problem == "load host 2 of 3: k6 was ended by signal 9 (SIGKILL)"
    assert merged.latency_quantiles_ms == pytest.approx(fine.latency_quantiles_ms)


def test_processes_without_any_right_answer_have_the_mean_that_stands_for_none() -> None:
    nothing = observed(np.full(100, FAILED_MS), failed_requests=100, failures={"no answer": 100})
    assert merge_loads([nothing, nothing]).latency_mean_ms == FAILED_MS


def test_one_process_is_left_as_it_is() -> None:
    alone = observed(SHAPES["bimodal"][0], lags=1_000, lag_p99_ms=3.0)
    assert merge_loads([alone]) == alone


@pytest.mark.parametrize(
    ("lags", "p99_ms"), [([999], None), ([333, 333, 333], None), ([833, 833, 833], 7.0), ([1_000], 5.0)]
)
def test_how_late_iterations_began_is_known_where_enough_of_all_processes_told_it(
    lags: list[int], p99_ms: float | None
) -> None:
    processes = [observed(np.full(900, 4.0), lags=count, lag_p99_ms=5.0 + index) for index, count in enumerate(lags)]
    assert merge_loads(processes).lag_p99_ms == p99_ms
