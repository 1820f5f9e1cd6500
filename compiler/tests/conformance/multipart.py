"""A streaming reader of multipart/form-data."""

from collections.abc import Callable
from email.parser import HeaderParser

_PIECE = 65_536


class BrokenMultipartError(Exception):
    """The body breaks off or was none."""


def read_part(read: Callable[[int], bytes], boundary: str, name: str, receive: Callable[[bytes], None]) -> bool:
    """Passes the pieces of one named part on as they arrive; False where there is no such part."""
    delimiter = f"\r\n--{boundary}".encode()
    reader = _Reader(read)
    reader.skip_to(delimiter, lambda _: None)
    found = False
    while reader.take(2) == b"\r\n":
        head = bytearray()
        reader.skip_to(b"\r\n\r\n", head.extend)
        headers = HeaderParser().parsestr(head.decode())
        wanted = headers.get_param("name", header="content-disposition") == name
        found = found or wanted
        reader.skip_to(delimiter, receive if wanted else lambda _: None)
    return found


class _Reader:
    def __init__(self, read: Callable[[int], bytes]) -> None:
        self._read = read
        # The first delimiter has no line end before it.
        self._buffer = b"\r\n"

    def take(self, count: int) -> bytes:
        while len(self._buffer) < count:
            self._fill()
        taken, self._buffer = self._buffer[:count], self._buffer[count:]
        return taken

    def skip_to(self, mark: bytes, receive: Callable[[bytes], None]) -> None:
        while (index := self._buffer.find(mark)) < 0:
            keep = len(mark) - 1
            receive(self._buffer[:-keep])
            self._buffer = self._buffer[-keep:]
            self._fill()
        receive(self._buffer[:index])
        self._buffer = self._buffer[index + len(mark) :]

    def _fill(self) -> None:
        piece = self._read(_PIECE)
        if not piece:
            raise BrokenMultipartError
        self._buffer += piece
