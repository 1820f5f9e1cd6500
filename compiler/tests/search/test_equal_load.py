"""The latency phase's rates: the same for all, and each cell's own."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from benchmark_lab.search.rates import KnownCapacity, latency_rates

DJANGO, FIBER = KnownCapacity(900.9, lower_bound=False), KnownCapacity(9_100, lower_bound=True)


def test_the_equal_rate_is_half_of_the_slowest_and_the_own_rate_seven_tenths() -> None:
    rates = latency_rates({"fiber": FIBER, "django": DJANGO, "flask": None})
    assert rates is not None
    assert (rates.equal, rates.slowest, rates.slowest_is_bound) == (450, "django", False)
    assert rates.own == {"fiber": 6_370, "django": 630}
    assert rates.own_from_bound == {"fiber"}


def test_a_rate_that_the_generator_may_not_send_is_capped() -> None:
    slow, fast = KnownCapacity(900, lower_bound=False, allowed_rps=650.9), KnownCapacity(9_100, True, 5_400)
    rates = latency_rates({"django": slow, "fiber": fast})
    assert rates is not None
    assert (rates.equal, rates.equal_is_capped) == (450, False)
    assert rates.own == {"django": 630, "fiber": 5_400}
    assert rates.own_capped == {"fiber"}
    assert not rates.own_from_bound
    alike = latency_rates({"django": KnownCapacity(900, lower_bound=False), "fiber": KnownCapacity(9_100, True, 400)})
    assert alike is not None
    assert (alike.equal, alike.equal_is_capped) == (400, True)


def test_a_slowest_cell_that_is_only_a_bound_is_said_to_be_one() -> None:
    rates = latency_rates({"fiber": FIBER})
    assert rates is not None
    assert (rates.equal, rates.slowest_is_bound) == (4_550, True)


def test_without_a_capacity_there_are_no_rates() -> None:
    assert latency_rates({"flask": None, "django": KnownCapacity(0, lower_bound=False)}) is None


@given(
    st.dictionaries(
        st.text(), st.builds(KnownCapacity, st.floats(0.01, 1e6), st.booleans(), st.floats(1, 1e6)), min_size=1
    )
)
def test_rates_are_whole_requests_and_never_above_their_share(capacities: dict[str, KnownCapacity]) -> None:
    rates = latency_rates(capacities)
    assert rates is not None
    for cell, capacity in capacities.items():
        assert 1 <= rates.own[cell] <= max(1, 0.7 * capacity.throughput_rps)
        assert 1 <= rates.equal <= max(1, 0.5 * capacity.throughput_rps)
        assert max(rates.own[cell], rates.equal) <= capacity.allowed_rps
