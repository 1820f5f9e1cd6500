"""What is answered: JSON, and every error as an RFC 9457 problem."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus


@dataclass(frozen=True, slots=True)
class Answer:
    """A status with a JSON document."""

    status: int
    document: Mapping[str, object]
    media_type: str = "application/json"
    headers: tuple[tuple[bytes, bytes], ...] = ()

    @property
    def content(self) -> bytes:
        """The document as it is sent."""
        return json.dumps(self.document).encode()


def problem(status: HTTPStatus, detail: str, headers: tuple[tuple[bytes, bytes], ...] = ()) -> Answer:
    """The answer for one error."""
    document = {"type": "about:blank", "title": status.phrase, "status": status, "detail": detail}
    return Answer(status, document, "application/problem+json", headers)
