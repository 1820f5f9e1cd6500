import json
import re

import pytest
from pydantic import JsonValue

from benchmark_lab.conformance import CHECKS
from benchmark_lab.conformance.contract import Contract

from .refusal import OPENAPI

CONTRACT = Contract.read(OPENAPI)
JSON = {"content-type": "application/json"}
USER: dict[str, JsonValue] = {
    "id": 7,
    "email": "a@b",
    "name": "A",
    "age": 1,
    "active": True,
    "created_at": "2026-01-01T00:00:00.000001Z",
}


def test_every_line_of_the_behaviour_page_has_one_check_and_every_check_a_line() -> None:
    page = (OPENAPI.parent / "behaviour.md").read_text(encoding="utf-8")
    lines = re.findall(r"^- \*\*([a-z0-9-]+)\*\*", page, re.MULTILINE)
    assert sorted(lines) == sorted(check.id for check in CHECKS)


def departures(operation: str, status: int, body: JsonValue, headers: dict[str, str] = JSON) -> str:
    expectation = CONTRACT.operations[operation].answers[status]
    return "; ".join(expectation.departures(headers, json.dumps(body).encode()))


def test_a_described_answer_departs_in_nothing() -> None:
    assert departures("getUser", 200, USER) == ""
    assert departures("createUser", 201, USER, JSON | {"location": "/users/7"}) == ""


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"id": 0}, r"\$\.id: 0 is less than the minimum"),
        ({"id": 2**63}, r"\$\.id: .* is not a 'int64'"),
        ({"age": "1"}, r"\$\.age: '1' is not of type 'integer'"),
        ({"active": 1}, r"\$\.active: 1 is not of type 'boolean'"),
        ({"password": "x"}, r"Additional properties .*'password'"),
        ({"created_at": "2026-01-01 00:00:00Z"}, r"\$\.created_at: .* is not a 'date-time'"),
        ({"created_at": "2026-01-01T00:00:00"}, r"\$\.created_at: .* is not a 'date-time'"),
        ({"created_at": "2026-13-01T00:00:00Z"}, r"\$\.created_at: .* is not a 'date-time'"),
    ],
)
def test_an_answer_of_another_shape_is_a_departure(changes: dict[str, JsonValue], said: str) -> None:
    assert re.search(said, departures("getUser", 200, USER | changes))


def test_a_media_type_and_a_missing_header_are_departures() -> None:
    said = departures("createUser", 201, USER, {"content-type": "text/html"})
    assert said == "header Location is missing; Content-Type application/json expected, not text/html"


def test_a_header_that_does_not_fit_its_pattern_is_a_departure() -> None:
    assert "does not match" in departures("createUser", 201, USER, JSON | {"location": "/users/7\n"})


@pytest.mark.parametrize("content", [b"", b"{", b'{"status": NaN}', b"\xff"])
def test_what_is_no_json_is_a_departure(content: bytes) -> None:
    (said,) = CONTRACT.operations["getHealth"].answers[200].departures(JSON, content)
    assert said.startswith("the body is not JSON")
