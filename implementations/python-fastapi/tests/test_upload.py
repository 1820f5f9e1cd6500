import hashlib
from collections.abc import AsyncIterator

import httpx
import pytest

pytestmark = pytest.mark.anyio

LIMIT_BYTES = 104_857_600
HEADERS = {"Content-Type": "multipart/form-data; boundary=line"}
OPENING = b'--line\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n'
CLOSING = b"\r\n--line--\r\n"


async def chunks(*parts: bytes, size: int) -> AsyncIterator[bytes]:
    body = b"".join(parts)
    for start in range(0, len(body), size):
        yield body[start : start + size]


@pytest.mark.parametrize("size", [1, 7, 65536])
@pytest.mark.parametrize("content", [b"", b"text", b"\r\n--lin" * 500, b"\r" * 100])
async def test_a_file_is_counted_and_hashed_however_it_is_cut(
    client: httpx.AsyncClient, content: bytes, size: int
) -> None:
    other = b'--line\r\nContent-Disposition: form-data; name="other"\r\n\r\nignored\r\n'
    answer = await client.post("/upload", content=chunks(other, OPENING, content, CLOSING, size=size), headers=HEADERS)
    assert answer.json() == {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}


async def zeros(size: int) -> AsyncIterator[bytes]:
    yield OPENING
    for _ in range(size // 65536):
        yield bytes(65536)
    yield bytes(size % 65536)
    yield CLOSING


async def test_a_file_of_exactly_the_limit_is_read_and_one_byte_more_is_refused(client: httpx.AsyncClient) -> None:
    answer = await client.post("/upload", content=zeros(LIMIT_BYTES), headers=HEADERS)
    assert answer.json()["size"] == LIMIT_BYTES
    assert (await client.post("/upload", content=zeros(LIMIT_BYTES + 1), headers=HEADERS)).status_code == 413


@pytest.mark.parametrize("media_type", ["application/json", "multipart/mixed; boundary=line"])
async def test_another_media_type_is_unsupported(client: httpx.AsyncClient, media_type: str) -> None:
    answer = await client.post("/upload", content=OPENING + CLOSING, headers={"Content-Type": media_type})
    assert answer.status_code == 415


@pytest.mark.parametrize(
    ("body", "media_type"),
    [
        (b"", "multipart/form-data; boundary=line"),
        (b"garbage", "multipart/form-data; boundary=line"),
        (OPENING + b"cut", "multipart/form-data; boundary=line"),
        (OPENING + CLOSING, "multipart/form-data; boundary=other"),
        (OPENING + CLOSING, "multipart/form-data"),
    ],
)
async def test_a_broken_multipart_body_is_a_bad_request(
    client: httpx.AsyncClient, body: bytes, media_type: str
) -> None:
    answer = await client.post("/upload", content=body, headers={"Content-Type": media_type})
    assert answer.status_code == 400


async def test_a_body_without_a_part_named_file_does_not_fit(client: httpx.AsyncClient) -> None:
    answer = await client.post("/upload", files={"files": b"content"})
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == ["file"]
