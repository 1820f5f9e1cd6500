"""`POST /upload`: a multipart body parsed and hashed as it arrives."""

import hashlib
from http import HTTPStatus

from fastapi import APIRouter, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

LIMIT_BYTES = 104_857_600

router = APIRouter()


class Upload(BaseModel):
    """What was received: bytes, and their SHA-256 in hexadecimal."""

    size: int
    sha256: str


class FileReader:
    """Hashes the first part named `file`; each chunk is dropped once it is parsed."""

    def __init__(self, boundary: bytes) -> None:
        self.size = 0
        self.sha256 = hashlib.sha256()
        self.found = False
        self.complete = False
        self._in_file = False
        self._header = b""
        self._value = b""
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._on_part_begin,
                "on_header_begin": self._on_header_begin,
                "on_header_field": self._on_header_field,
                "on_header_value": self._on_header_value,
                "on_header_end": self._on_header_end,
                "on_part_data": self._on_part_data,
                "on_end": self._on_end,
            },
        )

    def write(self, chunk: bytes) -> None:
        """Parses the next bytes of the body; FormParserError where they are no multipart."""
        self._parser.write(chunk)

    def _on_part_begin(self) -> None:
        self._in_file = False

    def _on_header_begin(self) -> None:
        self._header = self._value = b""

    def _on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _on_header_end(self) -> None:
        if self.found or self._header.lower() != b"content-disposition":
            return
        disposition, options = parse_options_header(self._value)
        self.found = self._in_file = disposition == b"form-data" and options.get(b"name") == b"file"

    def _on_part_data(self, data: bytes, start: int, end: int) -> None:
        if not self._in_file:
            return
        self.size += end - start
        if self.size > LIMIT_BYTES:
            raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"The file is larger than {LIMIT_BYTES} bytes.")
        self.sha256.update(memoryview(data)[start:end])

    def _on_end(self) -> None:
        self.complete = True


@router.post("/upload")
async def post_upload(request: Request) -> Upload:
    """Size and digest of the part named `file`; other parts are ignored."""
    media_type, options = parse_options_header(request.headers.get("content-type"))
    if media_type != b"multipart/form-data":
        raise HTTPException(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "The body is not multipart/form-data.")
    try:
        file = FileReader(options[b"boundary"])
        async for chunk in request.stream():
            file.write(chunk)
    except (KeyError, FormParserError) as error:
        raise HTTPException(HTTPStatus.BAD_REQUEST, "The multipart body is broken.") from error
    if not file.complete:
        raise HTTPException(HTTPStatus.BAD_REQUEST, "The multipart body ended early.")
    if not file.found:
        raise RequestValidationError([{"loc": ("body", "file"), "msg": "Field required", "type": "missing"}])
    return Upload(size=file.size, sha256=file.sha256.hexdigest())
