"""The search for the highest rate that keeps an objective, against queues whose true rate is known."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmark_lab.records import Trial
from benchmark_lab.search.slo import FoundRate, LatencyObjective, NextRate, Probed, ProbeResult, next_probe
from tests.search.queueing import Queue, measured_p99, simulated_p99
from tests.synthetic import cell, invalid, trial

SAMPLES = 10_000
"""Requests in a window: the fewest that a p99 may be taken of."""


def searched(maximum: float, outcome: Callable[[int], ProbeResult]) -> tuple[FoundRate, list[Probed]]:
    history: list[Probed] = []
    while isinstance(probe := next_probe(history, maximum), NextRate):
        history.append(Probed(probe.arrival_rate_rps, outcome(probe.arrival_rate_rps)))
    return probe, history


def rates(history: list[Probed]) -> list[int]:
    return [probed.arrival_rate_rps for probed in history]


def up_to(limit: float) -> Callable[[int], ProbeResult]:
    """A server without noise."""
    return lambda rate: "pass" if rate <= limit else "fail"


def sequence(*outcomes: ProbeResult) -> Callable[[int], ProbeResult]:
    """The probes' outcomes in their order, whatever their rates; the last one stays."""
    following: Iterator[ProbeResult] = iter(outcomes)
    return lambda _: next(following, outcomes[-1])


def assert_sound(found: FoundRate, history: list[Probed], maximum: float) -> None:
    assert len(history) <= 10
    assert all(1 <= rate <= max(1, maximum) for rate in rates(history))
    if found.last_pass is not None and found.first_fail is not None:
        assert found.last_pass < found.first_fail
    assert found.last_pass is None or Probed(found.last_pass, "pass") in history
    assert found.first_fail is None or Probed(found.first_fail, "fail") in history


def test_the_rate_is_within_a_tenth_of_the_true_one_for_nine_of_ten_queues() -> None:
    chance = np.random.default_rng(19)
    last_passes, middles = [], []
    for _ in range(1_000):
        queue = Queue(servers=int(chance.integers(1, 33)), service_rate=10 ** chance.uniform(1, 3.5))
        objective = log(100) / queue.service_rate * 1.2 * (10 / 1.2) ** chance.uniform()  # 1.2 to 10 times the idle p99
        maximum = queue.capacity * chance.uniform(0.95, 1.1)

        def outcome(rate: int, queue: Queue = queue, objective: float = objective) -> ProbeResult:
            return "pass" if measured_p99(queue, rate, SAMPLES, chance) < objective else "fail"

        found, history = searched(maximum, outcome)
        assert_sound(found, history, maximum)
        true = queue.rate_for(0.99, objective)
        last_passes.append((found.last_pass or 0) / true - 1)
        middles.append((found.arrival_rate_rps or 0) / true - 1)
    assert np.mean(np.abs(last_passes) <= 0.1) >= 0.9
    assert np.mean(np.abs(middles) <= 0.1) >= 0.95
    assert abs(np.median(middles)) < 0.02


def test_the_rate_is_found_where_successive_response_times_are_correlated() -> None:
    chance = np.random.default_rng(1952)
    per_s, errors = 1_000, []
    for _ in range(200):
        objective = log(100) * 1.5 * (10 / 1.5) ** chance.uniform()

        def outcome(rate: int, objective: float = objective) -> ProbeResult:
            return "pass" if simulated_p99(rate / per_s, SAMPLES, chance) < objective else "fail"

        found, history = searched(per_s, outcome)
        assert_sound(found, history, per_s)
        errors.append((found.arrival_rate_rps or 0) / per_s / Queue(1, 1).rate_for(0.99, objective) - 1)
    assert np.mean(np.abs(errors) <= 0.1) >= 0.9


@given(st.floats(1, 1e6), st.floats(0.02, 0.99))
def test_without_noise_ten_probes_bracket_the_rate_to_five_percent_and_confirm_it(maximum: float, share: float) -> None:
    true = max(1.0, maximum * share)
    found, history = searched(maximum, up_to(true))
    assert_sound(found, history, maximum)
    assert found.confirmations == 3
    assert found.last_pass is not None
    assert found.last_pass <= true
    if found.first_fail is None:
        assert (found.end, found.last_pass) == ("closed-loop-maximum", int(maximum))
    else:
        assert found.first_fail > true
        resolved = found.first_fail <= max(found.last_pass + 1, found.last_pass * 1.05)
        assert found.end == ("bracketed" if resolved else "probes-spent")
        assert share < 0.25 or found.first_fail <= found.last_pass * 1.045 + 1  # four halvings, and whole rates


@settings(deadline=None)  # a busy machine is no bug
@given(st.floats(0.1, 1e6), st.lists(st.sampled_from(["pass", "fail", "bounded", "unusable"]), min_size=1))
def test_no_sequence_of_outcomes_breaks_the_bracket_or_the_budget(maximum: float, outcomes: list[ProbeResult]) -> None:
    assert_sound(*searched(maximum, sequence(*outcomes)), maximum)


def test_the_search_starts_at_a_quarter_doubles_bisects_and_confirms() -> None:
    found, history = searched(1_000, up_to(640))
    assert rates(history) == [250, 500, 1000, 707, 595, 649, 621, 621, 621, 621]
    assert found == FoundRate(last_pass=621, first_fail=649, confirmations=3, end="bracketed")
    assert found.arrival_rate_rps == pytest.approx(634.8, abs=0.1)


def test_a_search_that_fails_at_its_start_goes_down_by_halves() -> None:
    found, history = searched(1_000, up_to(70))
    assert rates(history)[:4] == [250, 125, 62, 88]
    assert (found.last_pass, found.first_fail) == (68, 71)


def test_an_objective_that_holds_at_the_closed_loop_maximum_is_a_confirmed_lower_bound() -> None:
    found, history = searched(1_001.7, up_to(2_000))
    assert rates(history) == [251, 502, 1001, 1001, 1001, 1001]
    assert found == FoundRate(last_pass=1001, first_fail=None, confirmations=3, end="closed-loop-maximum")
    assert found.lower_bound


def test_an_objective_that_no_rate_keeps_ends_without_a_pass() -> None:
    found, history = searched(40, up_to(0))
    assert rates(history) == [10, 5, 2, 1]
    assert found == FoundRate(last_pass=None, first_fail=1, confirmations=0, end="never-kept")
    assert found.arrival_rate_rps is None


def test_a_failed_confirmation_lowers_the_last_pass_by_steps_of_five_percent() -> None:
    found, history = searched(1_000, sequence("pass", "fail", "pass", "fail", "pass", "fail", "fail", "pass"))
    assert rates(history) == [250, 500, 354, 421, 386, 403, 386, 368, 368, 368]
    assert found == FoundRate(last_pass=368, first_fail=386, confirmations=2, end="bracketed")


def test_a_probe_that_is_bounded_ends_the_search_with_a_confirmed_lower_bound() -> None:
    found, history = searched(1_000, lambda rate: "bounded" if rate > 600 else "pass")
    assert rates(history) == [250, 500, 1000, 500, 500, 500]
    assert found == FoundRate(last_pass=500, first_fail=None, confirmations=3, end="bounded")
    assert found.lower_bound


def test_a_confirmation_that_is_bounded_ends_the_search() -> None:
    found, history = searched(1_000, sequence("pass", "bounded", "pass", "bounded"))
    assert len(history) == 4
    assert found == FoundRate(last_pass=250, first_fail=None, confirmations=1, end="bounded")


def test_an_unusable_probe_is_repeated_and_a_second_one_ends_the_search() -> None:
    found, history = searched(1_000, sequence("pass", "unusable", "fail", "unusable", "unusable"))
    assert rates(history) == [250, 500, 500, 354, 354]
    assert found == FoundRate(last_pass=250, first_fail=500, confirmations=0, end="unusable")


OBJECTIVES = (LatencyObjective("latency_p99_ms", below=50), LatencyObjective("latency_p50_ms", below=10))


def measured(p99: float | None, p50: float = 5, *codes: str) -> Trial:
    of = cell("go-fiber")
    if codes:
        return invalid(of, 0, *codes, latency_p99_ms=p99, latency_p50_ms=p50)
    return trial(of, 0, latency_p99_ms=p99, latency_p50_ms=p50)


@pytest.mark.parametrize(
    ("judged", "outcome"),
    [
        (measured(49.9), "pass"),
        (measured(50), "fail"),
        (measured(20, 11), "fail"),
        (measured(None), "unusable"),
        (measured(None, 11), "fail"),
        (measured(49.9, 5, "errors"), "fail"),
        (measured(49.9, 5, "dropped-iterations", "server-restarted"), "fail"),
        (measured(49.9, 5, "no-steady-state"), "unusable"),
        (measured(80, 5, "no-steady-state"), "fail"),
        (measured(80, 5, "dropped-iterations", "generator-limited"), "bounded"),
        (measured(80, 5, "db-limited"), "bounded"),
        (measured(49.9, 5, "upstream-limited"), "bounded"),
        (measured(80, 5, "network-limited", "host-noise"), "unusable"),
        (measured(80, 5, "errors", "host-noise"), "unusable"),
    ],
)
def test_a_judged_trial_passes_where_it_keeps_every_objective_and_fails_by_the_servers_own_fault(
    judged: Trial, outcome: ProbeResult
) -> None:
    assert Probed.of(300, judged, OBJECTIVES) == Probed(300, outcome)
