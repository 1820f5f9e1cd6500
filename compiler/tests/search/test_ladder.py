"""The ladder of virtual users: where it goes on, where it ends, and what it then says of the capacity."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmark_lab.judge import LOWER_BOUND_REASONS
from benchmark_lab.search.ladder import Capacity, NextUsers, Rung, next_probe
from tests.synthetic import cell, invalid, trial


def climbed(
    measure: Callable[[int], float | Rung], steps: Sequence[int] = (), start: int = 8
) -> tuple[Capacity, list[Rung]]:
    history: list[Rung] = []
    while isinstance(probe := next_probe(history, steps, start), NextUsers):
        found = measure(probe.vus)
        history.append(found if isinstance(found, Rung) else Rung(probe.vus, "valid", found))
    return probe, history


def vus(history: list[Rung]) -> list[int]:
    return [rung.vus for rung in history]


def closed_loop(virtual_users: int, capacity: float = 2_000, latency_s: float = 0.01) -> float:
    """Asymptotic bounds of a closed system: each virtual user waits for its answer, the server has a capacity."""
    return min(capacity, virtual_users / latency_s)


def unusable_beyond(most: int) -> Callable[[int], float | Rung]:
    def measure(virtual_users: int) -> float | Rung:
        return Rung(virtual_users, "unusable", None) if virtual_users > most else closed_loop(virtual_users)

    return measure


def test_a_doubling_ladder_ends_where_the_gain_is_under_three_percent() -> None:
    found, history = climbed(closed_loop)
    assert vus(history) == [8, 16, 32, 64]
    assert found == Capacity(throughput_rps=2_000, vus=32, end="levelled-off")
    assert not found.lower_bound


def test_a_ladder_goes_on_for_a_gain_of_three_percent() -> None:
    found, history = climbed(lambda users: {8: 1_000, 16: 1_030}.get(users, 1_060))
    assert vus(history) == [8, 16, 32]
    assert (found.throughput_rps, found.vus) == (1_060, 32)


def test_the_capacity_is_the_best_rung_and_not_the_last() -> None:
    found, _ = climbed(lambda users: {8: 900.0, 16: 1_000.0, 32: 400.0}[users])
    assert found == Capacity(throughput_rps=1_000, vus=16, end="levelled-off")


def test_eight_rungs_that_all_grow_are_a_lower_bound() -> None:
    found, history = climbed(lambda users: users * 10)
    assert vus(history) == [8, 16, 32, 64, 128, 256, 512, 1024]
    assert found == Capacity(throughput_rps=10_240, vus=1024, end="ladder-end")
    assert found.lower_bound


def test_every_step_of_an_explicit_ladder_is_measured() -> None:
    found, history = climbed(closed_loop, steps=(100, 10, 20, 40, 200))
    assert vus(history) == [10, 20, 40, 100, 200]
    assert found == Capacity(throughput_rps=2_000, vus=20, end="levelled-off")


@pytest.mark.parametrize("steps", [(16,), (8, 16)])
def test_an_explicit_ladder_that_still_grows_at_its_end_is_a_lower_bound(steps: tuple[int, ...]) -> None:
    found, _ = climbed(closed_loop, steps)
    assert found == Capacity(throughput_rps=1_600, vus=16, end="ladder-end")
    assert found.lower_bound


def test_a_ladder_that_the_database_levelled_off_is_a_lower_bound() -> None:
    throughput = {8: 80.0, 16: 156.0, 32: 157.0}
    found, history = climbed(lambda users: Rung(users, "valid", throughput[users], own=False))
    assert vus(history) == [8, 16, 32]
    assert found == Capacity(throughput_rps=157, vus=32, end="bounded")
    assert found.lower_bound


def test_it_is_the_best_rungs_limit_that_counts() -> None:
    last, best = Rung(32, "valid", 1_500), Rung(16, "valid", 1_600, own=False)
    assert next_probe([Rung(8, "valid", 800), best, last]) == Capacity(1_600, 16, "bounded")
    unknown = Rung(8, "valid", 800, own=False)
    assert next_probe([unknown, Rung(16, "valid", 1_600), last]) == Capacity(1_600, 16, "levelled-off")


def test_a_best_rung_that_the_servers_own_limit_nearly_equals_is_no_bound() -> None:
    best, own = Rung(8, "valid", 1_000, own=False), Rung(16, "valid", 980)
    assert next_probe([best, own]) == Capacity(1_000, 8, "levelled-off")


def test_a_rung_that_is_bounded_ends_the_ladder_with_its_throughput_as_bound() -> None:
    rungs: Iterator[float | Rung] = iter([800.0, 1_600.0, Rung(32, "bounded", 2_500)])
    found, _ = climbed(lambda _: next(rungs))
    assert found == Capacity(throughput_rps=2_500, vus=32, end="bounded")
    assert found.lower_bound


def test_a_rung_that_k6_held_back_is_climbed_from() -> None:
    rungs: Iterator[float | Rung] = iter([Rung(8, "held-back", 800), 1_600.0, 1_610.0])
    found, history = climbed(lambda _: next(rungs))
    assert vus(history) == [8, 16, 32]
    assert found == Capacity(throughput_rps=1_610, vus=32, end="levelled-off")
    assert not found.lower_bound


def test_a_rung_that_k6_held_back_is_no_capacity_although_it_was_the_fastest() -> None:
    rungs: Iterator[float | Rung] = iter([Rung(8, "held-back", 10_000), 9_900.0, 9_800.0])
    found, history = climbed(lambda _: next(rungs))
    assert vus(history) == [8, 16, 32]
    assert found == Capacity(throughput_rps=9_900, vus=16, end="levelled-off")


def test_a_last_rung_that_k6_held_back_leaves_those_before_it_as_bound() -> None:
    rungs: Iterator[float | Rung] = iter([800.0, Rung(16, "held-back", 1_600)])
    found, _ = climbed(lambda _: next(rungs), steps=(8, 16))
    assert found == Capacity(throughput_rps=800, vus=8, end="bounded")
    assert found.lower_bound
    levelled, _ = climbed(lambda users: Rung(users, "held-back", 1_990) if users == 40 else 2_000, steps=(10, 20, 40))
    assert levelled == Capacity(throughput_rps=2_000, vus=10, end="levelled-off")
    alone, _ = climbed(lambda _: Rung(8, "held-back", 800), steps=(8,))
    assert alone == Capacity(throughput_rps=800, vus=8, end="bounded")


def test_a_ladder_of_rungs_that_were_all_held_back_is_a_lower_bound() -> None:
    found, _ = climbed(lambda users: Rung(users, "held-back", 1_000))
    assert found == Capacity(throughput_rps=1_000, vus=8, end="bounded")


def test_an_unusable_rung_is_probed_again() -> None:
    outcomes: Iterator[float | Rung] = iter([800.0, Rung(16, "unusable", None), 1_600.0, 1_610.0])
    found, history = climbed(lambda _: next(outcomes))
    assert vus(history) == [8, 16, 16, 32]
    assert found == Capacity(throughput_rps=1_610, vus=32, end="levelled-off")


def test_a_rung_that_is_unusable_twice_leaves_the_best_of_those_before_it_as_bound() -> None:
    found, history = climbed(unusable_beyond(8))
    assert vus(history) == [8, 16, 16]
    assert found == Capacity(throughput_rps=800, vus=8, end="unusable")
    assert found.lower_bound


def test_a_rung_that_is_unusable_twice_does_not_undo_that_the_ladder_has_levelled_off() -> None:
    found, _ = climbed(unusable_beyond(40), steps=(20, 40, 80))
    assert found == Capacity(throughput_rps=2_000, vus=20, end="levelled-off")


def test_a_ladder_without_a_usable_rung_has_no_capacity() -> None:
    found, _ = climbed(unusable_beyond(0))
    assert found == Capacity(throughput_rps=None, vus=None, end="unusable")


@settings(deadline=None)  # a busy machine is no bug
@given(
    st.lists(st.tuples(st.sampled_from(["valid", "bounded", "held-back", "unusable"]), st.floats(1, 1e5)), min_size=1),
    st.lists(st.integers(1, 1_000), max_size=12, unique=True),
)
def test_no_sequence_of_outcomes_keeps_a_ladder_from_ending(
    outcomes: list[tuple[str, float]], steps: list[int]
) -> None:
    following = iter(outcomes)

    def measure(users: int) -> Rung:
        match next(following, outcomes[-1]):
            case "valid", throughput:
                return Rung(users, "valid", throughput)
            case "bounded", throughput:
                return Rung(users, "bounded", throughput)
            case "held-back", throughput:
                return Rung(users, "held-back", throughput)
            case _:
                return Rung(users, "unusable", None)

    found, history = climbed(measure, steps)
    usable = [rung.throughput_rps for rung in history if rung.throughput_rps is not None]
    assert len(history) <= (2 * len(steps) or 8)
    assert vus(history) == sorted(vus(history))
    assert (found.throughput_rps is None) == (not usable)
    assert found.throughput_rps is None or found.throughput_rps in usable


def test_a_judged_trial_is_a_rung() -> None:
    of = cell("go-fiber")
    assert Rung.of(8, trial(of, 0, "closed")) == Rung(8, "valid", 300)
    assert Rung.of(8, trial(of, 0, "closed", bottleneck="pool")) == Rung(8, "valid", 300)
    assert Rung.of(8, trial(of, 0, "closed", bottleneck="db")) == Rung(8, "valid", 300, own=False)
    assert Rung.of(8, trial(of, 0, "closed", bottleneck="unknown")) == Rung(8, "valid", 300, own=False)
    assert Rung.of(8, invalid(of, 0, "generator-limited")) == Rung(8, "bounded", 300)
    assert Rung.of(8, invalid(of, 0, "littles-law", latency_mean_ms=20.0)) == Rung(8, "held-back", 300)
    assert Rung.of(8, invalid(of, 0, "littles-law", latency_mean_ms=40.0)) == Rung(8, "bounded", 300)
    for few in (("too-few-samples",), ("littles-law", "too-few-samples")):
        assert Rung.of(8, invalid(of, 0, *few)) == Rung(8, "held-back", 300)
    assert Rung.of(8, invalid(of, 0, "too-few-samples", throughput_rps=0.0)) == Rung(8, "unusable", None)
    assert Rung.of(8, invalid(of, 0, "db-limited", "too-few-samples")) == Rung(8, "unusable", None)
    assert Rung.of(8, invalid(of, 0, "generator-limited", "littles-law")) == Rung(8, "bounded", 300)
    assert Rung.of(8, invalid(of, 0, "generator-limited", "errors")) == Rung(8, "unusable", None)
    assert Rung.of(8, invalid(of, 0, "server-not-ready", throughput_rps=None)) == Rung(8, "unusable", None)


@pytest.mark.parametrize("code", LOWER_BOUND_REASONS)
def test_whatever_bounds_a_trial_its_throughput_is_a_lower_bound_of_the_capacity(code: str) -> None:
    judged = invalid(cell("go-fiber"), 0, code, "db-limited")
    assert Rung.of(8, judged) == Rung(8, "bounded", 300)
    assert next_probe([Rung.of(8, judged)]) == Capacity(throughput_rps=300, vus=8, end="bounded")
