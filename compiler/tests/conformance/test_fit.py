import pytest
from pydantic import JsonValue

from benchmark_lab.conformance.contract import Contract
from benchmark_lab.conformance.fit import Fit, fit, text_fit
from benchmark_lab.conformance.schema import Integer, String

from .refusal import OPENAPI

USER_INPUT = Contract.read(OPENAPI).body("createUser")
USER: dict[str, JsonValue] = {"email": "a@b", "name": "A", "age": 1, "active": True}
LIMIT = Integer(type="integer", minimum=1, maximum=100)
KEY = String.model_validate({"type": "string", "minLength": 1, "maxLength": 2})


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "valid"),
        ({"more": None}, "valid"),
        ({"age": 1.0}, "open"),
        ({"age": 1.5}, "invalid"),
        ({"age": 151.0}, "invalid"),
        ({"age": True}, "invalid"),
        ({"active": 1}, "invalid"),
        ({"name": ""}, "invalid"),
        ({"name": None}, "invalid"),
        ({"email": "a b@c"}, "invalid"),
        ({"email": "a@b\n"}, "invalid"),
        ({"email": "a\v@b"}, "invalid"),
        ({"email": "a\u00a0@b"}, "open"),
        ({"email": "a\ufeff@b"}, "open"),
        ({"email": "a\u00a0b"}, "invalid"),
    ],
)
def test_a_user_is_valid_invalid_or_left_open(changes: dict[str, JsonValue], expected: Fit) -> None:
    assert fit(USER_INPUT, USER | changes) == expected


@pytest.mark.parametrize("value", [None, [], "text", 7, {}])
def test_what_is_no_user_at_all_is_invalid(value: JsonValue) -> None:
    assert fit(USER_INPUT, value) == "invalid"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1", "valid"),
        ("100", "valid"),
        ("0", "invalid"),
        ("101", "invalid"),
        ("1e3", "invalid"),
        ("1e400", "invalid"),
        ("1.5", "invalid"),
        ("", "invalid"),
        ("true", "invalid"),
        ("NaN", "invalid"),
        ("01", "open"),
        ("+1", "open"),
        ("1.0", "open"),
        (" 1 ", "open"),
        ("٣", "open"),
    ],
)
def test_another_notation_of_an_integer_is_left_open(text: str, expected: Fit) -> None:
    assert text_fit(LIMIT, text) == expected


@pytest.mark.parametrize(
    ("text", "expected"), [("", "invalid"), ("ab", "valid"), ("😀😀", "valid"), ("abc", "invalid")]
)
def test_lengths_are_in_characters(text: str, expected: Fit) -> None:
    assert text_fit(KEY, text) == expected
