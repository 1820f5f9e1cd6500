"""`POST /upload`: a multipart body parsed and hashed as it arrives."""

import hashlib
import io
from http import HTTPStatus
from typing import IO, TYPE_CHECKING

from flask import Blueprint, Response, request
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge, UnsupportedMediaType
from werkzeug.formparser import FormDataParser

from app.problems import INVALID, problem

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

LIMIT_BYTES = 104_857_600

blueprint = Blueprint("upload", __name__)


class Digest(io.BytesIO):
    """Takes a file in and keeps nothing but its size and SHA-256."""

    def __init__(self) -> None:
        super().__init__()
        self.size = 0
        self.sha256 = hashlib.sha256()

    def write(self, chunk: "ReadableBuffer", /) -> int:
        """Hashes the next bytes; 413 over the limit."""
        length = memoryview(chunk).nbytes
        self.size += length
        if self.size > LIMIT_BYTES:
            raise RequestEntityTooLarge(f"The file is larger than {LIMIT_BYTES} bytes.")
        self.sha256.update(chunk)
        return length


def new_digest(*_args: object, **_kwargs: object) -> Digest:
    """What takes a file in, whatever Werkzeug says of the file beforehand."""
    return Digest()


class WholeClosing(io.BytesIO):
    """The body, read so that no piece of it ends between the dashes that close it.

    Werkzeug would take a part of the line end before the closing boundary for content.
    """

    def __init__(self, stream: IO[bytes], boundary: str) -> None:
        super().__init__()
        self._stream = stream
        self._half_closed = f"--{boundary}-".encode()
        self._end = b""

    def read(self, size: int | None = -1, /) -> bytes:
        """The next bytes, up to `size` and one more."""
        chunk = self._stream.read(-1 if size is None else size)
        keep = len(self._half_closed)
        self._end = (self._end + chunk[-keep:])[-keep:]
        return chunk + self._stream.read(1) if self._end == self._half_closed else chunk


@blueprint.post("/upload")
def post_upload() -> dict[str, object] | Response:
    """Size and digest of the part named `file`; other parts are ignored."""
    if request.mimetype != "multipart/form-data":
        raise UnsupportedMediaType("The body is not multipart/form-data.")
    parser = FormDataParser(
        new_digest,
        max_form_memory_size=request.max_form_memory_size,
        max_form_parts=request.max_form_parts,
        silent=False,
    )
    body = WholeClosing(request.stream, request.mimetype_params.get("boundary", ""))
    try:
        _, _, files = parser.parse(body, request.mimetype, request.content_length, request.mimetype_params)
    except ValueError as error:
        raise BadRequest("The multipart body is broken.") from error
    match files.get("file"):
        case FileStorage(stream=Digest() as digest):
            return {"size": digest.size, "sha256": digest.sha256.hexdigest()}
        case _:
            errors = [{"field": "file", "message": "Field required"}]
            return problem(HTTPStatus.UNPROCESSABLE_ENTITY, INVALID, errors=errors)
