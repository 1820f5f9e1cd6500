"""Criteria as people write them."""

from __future__ import annotations

import pytest

from benchmark_lab.bundle import Arithmetic, LiteralNumber, MetricRef, Scalar
from benchmark_lab.experiment.criteria import read_criterion


def test_a_criterion_is_a_tree_that_keeps_its_text() -> None:
    text = "throughput_rps(workers=4) >= 1.5 * throughput_rps(workers=1)"
    criterion = read_criterion(text)
    assert criterion.text == text
    assert criterion.operator == ">="
    assert criterion.left == MetricRef(name="throughput_rps", where={"workers": 4})
    assert criterion.right == Arithmetic(
        operator="*", left=LiteralNumber(value=1.5), right=MetricRef(name="throughput_rps", where={"workers": 1})
    )


def test_operators_bind_as_in_arithmetic() -> None:
    right = read_criterion("latency_p99_ms < 1 + 2 * latency_p50_ms - 3").right
    assert isinstance(right, Arithmetic)
    assert (right.operator, right.right) == ("-", LiteralNumber(value=3))


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("implementation=go-fiber", "go-fiber"),
        ("scenario=03-db-read", "03-db-read"),
        ("scenario = 03-db-read", "03-db-read"),
        ("implementation='go-fiber'", "go-fiber"),
        ("page_size=50", 50),
        ("share=0.5", 0.5),
        ("keep_alive=true", True),
        ("mode=no", "no"),
    ],
)
def test_selectors_need_no_quotes(written: str, value: Scalar) -> None:
    left = read_criterion(f"latency_p99_ms({written}) <= 5").left
    assert isinstance(left, MetricRef)
    assert list(left.where.values()) == [value]


@pytest.mark.parametrize("value", [None, 3, "", "1e999 < latency_p99_ms", "(" * 200 + "1 < 2", "x" * 400])
def test_what_is_no_criterion_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="must be"):
        read_criterion(value)
