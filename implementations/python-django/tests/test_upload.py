import hashlib

import httpx
import pytest
from app.wsgi import application
from tests.chunked import chunked

LIMIT_BYTES = 104_857_600
HEADERS = {"Content-Type": "multipart/form-data; boundary=line"}
OPENING = b'--line\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n'
CLOSING = b"\r\n--line--\r\n"


@pytest.mark.parametrize("size", [1, 7, 65536])
@pytest.mark.parametrize("content", [b"", b"text", b"\r\n--lin" * 500, b"\r" * 100])
def test_a_file_is_counted_and_hashed_however_it_is_cut(content: bytes, size: int) -> None:
    other = b'--line\r\nContent-Disposition: form-data; name="other"\r\n\r\nignored\r\n'
    with httpx.Client(transport=httpx.WSGITransport(chunked(application, size)), base_url="http://api.test") as client:
        answer = client.post("/upload", content=other + OPENING + content + CLOSING, headers=HEADERS)
    assert answer.json() == {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def test_a_file_of_exactly_the_limit_is_read_and_one_byte_more_is_refused(client: httpx.Client) -> None:
    answer = client.post("/upload", content=OPENING + bytes(LIMIT_BYTES) + CLOSING, headers=HEADERS)
    assert answer.json()["size"] == LIMIT_BYTES
    answer = client.post("/upload", content=OPENING + bytes(LIMIT_BYTES + 1) + CLOSING, headers=HEADERS)
    assert answer.status_code == 413


@pytest.mark.parametrize("media_type", ["application/json", "multipart/mixed; boundary=line"])
def test_another_media_type_is_unsupported(client: httpx.Client, media_type: str) -> None:
    answer = client.post("/upload", content=OPENING + CLOSING, headers={"Content-Type": media_type})
    assert answer.status_code == 415


@pytest.mark.parametrize(
    ("body", "media_type"),
    [
        (b"", "multipart/form-data; boundary=line"),
        (b"garbage", "multipart/form-data; boundary=line"),
        (OPENING + b"cut", "multipart/form-data; boundary=line"),
        (
            OPENING + b"cut\r\n--line\r\nContent-Disposition: form-data; name=other\r\n\r\nby the client",
            HEADERS["Content-Type"],
        ),
        (OPENING + CLOSING, "multipart/form-data; boundary=other"),
        (OPENING + CLOSING, "multipart/form-data"),
    ],
)
def test_a_broken_multipart_body_is_a_bad_request(client: httpx.Client, body: bytes, media_type: str) -> None:
    answer = client.post("/upload", content=body, headers={"Content-Type": media_type})
    assert answer.status_code == 400


@pytest.mark.parametrize("name", ["files", "File"])
def test_a_body_without_a_part_named_file_does_not_fit(client: httpx.Client, name: str) -> None:
    answer = client.post("/upload", files={name: b"content"})
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == ["file"]
