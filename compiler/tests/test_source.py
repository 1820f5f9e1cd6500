"""YAML as version 1.2 has it, with a place for every value; durations, shares and worker expressions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark_lab.bundle.share import fraction
from benchmark_lab.diagnostics import Code, InvalidExperimentError
from benchmark_lab.source import Expression, Value, decode, parse
from benchmark_lab.source.quantity import duration_text, seconds


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("on", "on"),
        ("Yes", "Yes"),
        ("12:30", "12:30"),
        ("12:30:45", "12:30:45"),
        ("2026-11-22", "2026-11-22"),
        ("1_000", "1_000"),
        ("0b11", "0b11"),
        ("010", 10),
        ("0o17", 15),
        ("0xff", 255),
        ("-12", -12),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("1.", 1.0),
        ("-.inf", float("-inf")),
        ("true", True),
        ("False", False),
        ("~", None),
        ("null", None),
        ("", None),
        ("'12'", "12"),
        ('"true"', "true"),
        ("<<", "<<"),
        ("=", "="),
        ("[a, [b, 1], {c: 2}]", ("a", ("b", 1), {"c": 2})),
    ],
)
def test_scalars_are_what_yaml_1_2_says(text: str, value: Value) -> None:
    parsed = parse("x.yaml", f"key: {text}\n").value
    assert parsed == {"key": value}
    assert isinstance(parsed, dict)
    assert type(parsed["key"]) is type(value)


def test_every_value_and_key_has_its_place() -> None:
    document = parse("x.yaml", "matrix:\n  implementation: [one, two]\n  # a comment\n  é: 'three'\n")
    second = document.span(("matrix", "implementation", 1))
    assert (second.line, second.column, second.width) == (2, 25, 3)
    quoted = document.span(("matrix", "é"))
    assert (quoted.line, quoted.column, quoted.width) == (4, 6, 7)
    assert document.key_span(("matrix", "é")).column == 3
    assert document.span(("matrix",)) == document.key_span(("matrix",))


def test_a_path_that_the_text_lacks_leads_to_its_nearest_part() -> None:
    document = parse("x.yaml", "load: {model: open}\n")
    assert document.locate(("load", "open", "rate")) == ("load",)
    assert document.locate(("load", "open", "model")) == ("load", "model")
    assert not document.has(("load", "rate"))


def test_an_alias_stands_where_its_anchor_stands() -> None:
    document = parse("x.yaml", "a: &a {b: 1}\nc: *a\n")
    assert document.value == {"a": {"b": 1}, "c": {"b": 1}}
    assert document.span(("c", "b")).line == 1


def test_windows_line_ends_and_a_byte_order_mark_are_no_mistakes() -> None:
    assert parse("x.yaml", decode("x.yaml", b"\xef\xbb\xbfa: 1\r\nb: 2\r\n")).value == {"a": 1, "b": 2}


def test_a_large_file_is_refused_before_it_is_read() -> None:
    with pytest.raises(InvalidExperimentError) as raised:
        parse("x.yaml", "a" * (1024 * 1024 + 1))
    assert raised.value.diagnostics[0].code is Code.TOO_COMPLEX


@given(st.text(max_size=200))
def test_no_text_brings_the_reader_down(text: str) -> None:
    try:
        parse("x.yaml", text)
    except InvalidExperimentError as error:
        assert str(error).startswith("error[LAB00")  # noqa: PT017  # most texts are refused, in words


@pytest.mark.parametrize(
    ("text", "value"),
    [("5s", 5), ("1m30s", 90), ("500ms", 0.5), ("2.5s", 2.5), ("1h", 3600), ("1h2m3s4ms", 3723.004), ("2m", 120)],
)
def test_durations_become_seconds(text: str, value: float) -> None:
    assert seconds(text) == pytest.approx(value)


@pytest.mark.parametrize("text", ["", "5", 5, "s", "5 s", "-5s", "1s1m", "5sec", "1.5m", None, True])
def test_what_is_no_duration_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match="must be a duration"):
        seconds(text)


@given(st.integers(min_value=1, max_value=10_000_000))
def test_a_duration_is_written_as_it_is_read(milliseconds: int) -> None:
    assert seconds(duration_text(milliseconds / 1000)) == pytest.approx(milliseconds / 1000)


@pytest.mark.parametrize(("text", "value"), [("3%", 0.03), ("0.1 %", 0.001), (0.5, 0.5), (1, 1), ("100%", 1)])
def test_shares_become_fractions(text: object, value: float) -> None:
    assert fraction(text) == pytest.approx(value)


@pytest.mark.parametrize("text", ["101%", "3", 3, -0.1, True, "%", None])
def test_what_is_no_share_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match="must be a share"):
        fraction(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [("7", 7), ("cpu", 4), ("2*cpu+1", 9), ("2 * (cpu - 1)", 6), ("cpu//3", 1), ("cpu//(cpu-4)", None)],
)
def test_expressions_know_the_cpus_and_whole_numbers(text: str, value: int | None) -> None:
    assert Expression.parse(text).evaluate(cpu=4) == value


@pytest.mark.parametrize(
    "text",
    ["", "cpus", "cpu**2", "cpu/2", "-cpu", "1.5", "'a'", "cpu if cpu else 1", "f(1)", "cpu +", "1" * 61, "a\0b"],
)
def test_nothing_else_is_an_expression(text: str) -> None:
    with pytest.raises(ValueError, match="must be a whole number or an expression"):
        Expression.parse(text)
