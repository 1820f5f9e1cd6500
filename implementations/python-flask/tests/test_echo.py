import json

import httpx
import pytest
from chunked import chunked
from flask import Flask

ITEM = {"id": 1, "name": "bolt", "price": 0.5, "quantity": 3, "tags": ["steel"]}
LIMIT_BYTES = 1_048_576


def test_items_come_back_in_order_with_count_and_total(client: httpx.Client) -> None:
    items = [ITEM, {**ITEM, "id": 2**53 - 1, "price": 3, "tags": []}]
    answer = client.post("/echo", json={"items": items, "unknown": 1})
    assert answer.status_code == 200
    assert answer.json() == {"items": items, "count": 2, "total": 10.5}


@pytest.mark.parametrize(
    ("member", "value"),
    [("id", "1"), ("id", 1.5), ("id", 10**30), ("name", ""), ("price", True), ("quantity", None), ("tags", ["x"] * 21)],
)
def test_a_member_that_does_not_fit_is_named_with_its_position(
    client: httpx.Client, member: str, value: object
) -> None:
    answer = client.post("/echo", json={"items": [ITEM, {**ITEM, member: value}]})
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [f"items.1.{member}"]


@pytest.mark.parametrize("body", ["[]", "null", '"text"', "1"])
def test_json_that_is_no_object_does_not_fit_as_a_whole(client: httpx.Client, body: str) -> None:
    answer = client.post("/echo", content=body)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == ["body"]


@pytest.mark.parametrize("body", [b"", b"{", b'{"items": [], "x": NaN}', b"\xff", b'{"items": []} {}', b"[" * 10**6])
@pytest.mark.parametrize("media_type", [None, "application/json", "text/plain"])
def test_what_is_not_json_is_a_bad_request(client: httpx.Client, body: bytes, media_type: str | None) -> None:
    answer = client.post("/echo", content=body, headers={"Content-Type": media_type} if media_type else {})
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_body_of_exactly_the_limit_is_read_and_one_byte_more_is_refused(client: httpx.Client) -> None:
    body = json.dumps({"items": []}).encode().ljust(LIMIT_BYTES)
    assert client.post("/echo", content=body).status_code == 200
    assert client.post("/echo", content=body + b" ").status_code == 413


def test_a_body_in_chunks_is_held_to_the_same_limit(app: Flask) -> None:
    body = json.dumps({"items": [ITEM]}).encode().ljust(LIMIT_BYTES)
    transport = httpx.WSGITransport(chunked(app, LIMIT_BYTES + 1))
    with httpx.Client(transport=transport, base_url="http://api.test") as client:
        assert client.post("/echo", content=body).json()["count"] == 1
        assert client.post("/echo", content=body + b" ").status_code == 413
