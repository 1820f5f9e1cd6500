"""`POST /upload`: a multipart body parsed and hashed as it arrives."""

import hashlib
import io
from http import HTTPStatus

from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import FileUploadHandler
from django.http import HttpRequest, JsonResponse
from django.http.multipartparser import MultiPartParser, MultiPartParserError

from app.problems import ProblemError, invalid_input
from app.views import ApiView

LIMIT_BYTES = 104_857_600
FIELD = "file"
# What may follow the closing boundary: a line end, and little else.
EPILOGUE_BYTES = 1024


class DigestHandler(FileUploadHandler):
    """Hashes the first file named `file`; no chunk is kept, nor passed on to be kept."""

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(request)
        self.size = 0
        self.sha256 = hashlib.sha256()
        self.found = False

    def receive_data_chunk(self, raw_data: bytes, _start: int) -> None:
        """The next bytes of the file; 413 over the limit."""
        if self.field_name != FIELD or self.found:
            return
        self.size += len(raw_data)
        if self.size > LIMIT_BYTES:
            raise ProblemError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"The file is larger than {LIMIT_BYTES} bytes.")
        self.sha256.update(raw_data)

    def file_complete(self, _file_size: int) -> None:
        """A file ended; there is nothing to hand out."""
        self.found = self.found or self.field_name == FIELD


class Body(io.RawIOBase):
    """The request's body, which remembers its end: Django's parser does not mind a body that breaks off."""

    def __init__(self, request: HttpRequest) -> None:
        super().__init__()
        self._request = request
        self._end = b""

    def read(self, size: int | None = -1, /) -> bytes:
        """The next bytes."""
        chunk: bytes = self._request.read(size)
        self._end = (self._end + chunk[-EPILOGUE_BYTES:])[-EPILOGUE_BYTES:]
        return chunk

    def closed_by(self, boundary: str) -> bool:
        """Whether the last boundary, by which all parts are whole, has come."""
        return f"--{boundary}--".encode() in self._end


class UploadView(ApiView):
    """Takes a file in and keeps nothing of it."""

    def post(self, request: HttpRequest) -> JsonResponse:
        """Size and digest of the part named `file`; other parts are ignored."""
        if request.content_type != "multipart/form-data":
            raise ProblemError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "The body is not multipart/form-data.")
        file = DigestHandler(request)
        body = Body(request)
        # A body in chunks has no length, and one of length 0 would not be parsed.
        meta = {"CONTENT_LENGTH": "1"} | request.META
        try:
            MultiPartParser(meta, body, [file]).parse()
        except MultiPartParserError as error:
            raise ProblemError(HTTPStatus.BAD_REQUEST, "The multipart body is broken.") from error
        except RequestDataTooBig as error:
            raise ProblemError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The text parts are too large.") from error
        if not body.closed_by((request.content_params or {})["boundary"]):
            raise ProblemError(HTTPStatus.BAD_REQUEST, "The multipart body ended early.")
        if not file.found:
            raise invalid_input([{"field": FIELD, "message": "Field required"}])
        return JsonResponse({"size": file.size, "sha256": file.sha256.hexdigest()})
