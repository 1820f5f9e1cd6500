"""POST /upload: what is received, what is refused, and how much of it stays in memory."""

from __future__ import annotations

import asyncio
import hashlib
import random
from collections.abc import AsyncIterator, Iterator

from benchmark_lab.conformance.check import check
from benchmark_lab.conformance.client import Client, together
from benchmark_lab.conformance.report import MismatchError

_MIB = 1_048_576
_LIMIT_BYTES = 100 * _MIB
_BOUNDARY = "conformance-7d1f4c"
_MULTIPART = {"Content-Type": f"multipart/form-data; boundary={_BOUNDARY}"}
_UPLOAD_TIMEOUT_S = 120.0
_STREAMED_BYTES = 100 * _MIB
_MEMORY_GROWTH_BYTES = 88 * _MIB
"""Node.js 24 keeps up to 80 MiB of pieces that it has dropped; who holds the whole file holds 100."""
_PARALLEL = 4


@check("upload")
async def upload(client: Client) -> None:
    """Files at once, each with its own digest; empty, tiny, with look-alike boundaries, and between other parts."""
    tricky = f"\r\n--{_BOUNDARY[:-1]}\r\n\r\n--\r\n".encode()
    large = client.thorough(20, 1) * _MIB
    files = [b"", b"x", tricky, tricky * 3000, *(client.random.randbytes(large + n) for n in range(_PARALLEL))]
    await together(_require_received(client, file) for file in files)


@check("upload-media-type")
async def upload_media_type(client: Client) -> None:
    """What is no multipart, multipart that breaks off, and multipart without the part."""
    whole = b"".join(_form(b"content"))
    for media_type in ("application/json", "application/octet-stream", "application/x-www-form-urlencoded"):
        await client.call(
            "postUpload", body=whole, headers={"Content-Type": media_type}, expect=415, because=f"it is {media_type}"
        )
    end = len(f"--{_BOUNDARY}--\r\n")
    broken = {
        "it ends before the closing boundary": (whole[:-end], _MULTIPART),
        "its boundary never comes": (b"no boundary at all", _MULTIPART),
        "Content-Type names no boundary": (whole, {"Content-Type": "multipart/form-data"}),
    }
    for what, (body, headers) in broken.items():
        await client.call("postUpload", body=body, headers=headers, expect=400, because=what)
    without = b"".join(_form(b"content", name="another"))
    await client.call("postUpload", body=without, headers=_MULTIPART, expect=422, because="no part named file")


@check("upload-limit", depth="full")
async def upload_limit(client: Client) -> None:
    """A file of exactly the limit, and one byte more."""
    body, digest = _large_form(client.random, _LIMIT_BYTES)
    response = await client.call(
        "postUpload", body=body, headers=_MULTIPART, expect=200, because="exactly 100 MiB", timeout_s=_UPLOAD_TIMEOUT_S
    )
    response.require_body({"size": _LIMIT_BYTES, "sha256": digest})
    body, _ = _large_form(client.random, _LIMIT_BYTES + 1)
    # A connection of its own instead of LAST: one that closes as asked, with bytes unread, resets it under its answer.
    async with client.alone() as alone:
        await alone.call(
            "postUpload",
            body=body,
            headers=_MULTIPART,
            expect=413,
            because=f"{_LIMIT_BYTES + 1} bytes",
            timeout_s=_UPLOAD_TIMEOUT_S,
        )


@check("upload-streamed", counts="everything", depth="full")
async def upload_streamed(client: Client) -> None:
    """The memory of the server's processes while a file arrives that is larger than they may grow."""
    memory = client.server_memory
    body, digest = _large_form(client.random, _STREAMED_BYTES)
    before = highest = memory()
    sending = asyncio.create_task(
        client.call("postUpload", body=body, headers=_MULTIPART, expect=200, timeout_s=_UPLOAD_TIMEOUT_S)
    )
    while not sending.done():
        highest = max(highest, memory())
        await asyncio.sleep(0.01)
    response = await sending
    response.require_body({"size": _STREAMED_BYTES, "sha256": digest})
    if highest - before > _MEMORY_GROWTH_BYTES:
        raise MismatchError(
            f"at most {_MEMORY_GROWTH_BYTES // _MIB} MiB more memory for {_STREAMED_BYTES // _MIB} MiB",
            f"{(highest - before) / _MIB:.0f} MiB more",
            response.sent,
        )


async def _require_received(client: Client, file: bytes) -> None:
    body = b"".join(_form(file))
    response = await client.call("postUpload", body=body, headers=_MULTIPART, expect=200, timeout_s=_UPLOAD_TIMEOUT_S)
    response.require_body({"size": len(file), "sha256": hashlib.sha256(file).hexdigest()})


def _form(file: bytes, *, name: str = "file") -> Iterator[bytes]:
    yield _part('name="note"') + b"a field before\r\n"
    yield _part('name="attachment"; filename="other.bin"') + b"another file\r\n"
    yield _part(f'name="{name}"; filename="data.bin"', "Content-Type: application/octet-stream\r\n")
    yield file
    yield b"\r\n" + _part('name="after"') + b"a field behind\r\n"
    yield f"--{_BOUNDARY}--\r\n".encode()


def _part(disposition: str, more: str = "") -> bytes:
    return f"--{_BOUNDARY}\r\nContent-Disposition: form-data; {disposition}\r\n{more}\r\n".encode()


def _large_form(source: random.Random, size: int) -> tuple[AsyncIterator[bytes], str]:
    """A form whose file repeats one random block, sent in pieces; and the file's digest."""
    block = source.randbytes(_MIB)
    digest = hashlib.sha256()
    for _ in range(size // _MIB):
        digest.update(block)
    digest.update(block[: size % _MIB])

    async def pieces() -> AsyncIterator[bytes]:
        *front, _, back, end = _form(b"")
        yield b"".join(front)
        for _ in range(size // _MIB):
            yield block
        yield block[: size % _MIB]
        yield back + end

    return pieces(), digest.hexdigest()
