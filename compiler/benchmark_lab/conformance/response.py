"""An answer that a check may look at: its shape has been held against the contract."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TypeVar

import httpx
from pydantic import BaseModel, JsonValue, ValidationError

from benchmark_lab.conformance.report import MismatchError
from benchmark_lab.conformance.schema import members, parse_json

Model = TypeVar("Model", bound=BaseModel)

SHOWN = 240
"""Characters of a request or an answer that a failure quotes."""


@dataclass(frozen=True, slots=True)
class Response:
    """An answer that fits the contract."""

    sent: str
    status: int
    headers: httpx.Headers
    content: bytes
    seconds: float
    client_port: int
    """Tells the connections apart."""

    @property
    def members(self) -> dict[str, JsonValue]:
        """The parsed body, an object: every answer of the contract is one."""
        return members(self.body)

    @property
    def body(self) -> JsonValue:
        """The parsed body."""
        return parse_json(self.content)

    def read(self, model: type[Model]) -> Model:
        """The body as a model of this package."""
        try:
            return model.model_validate_json(self.content)
        except ValidationError as error:
            raise MismatchError(f"a {model.__name__}: {error.errors()[0]['msg']}", str(self), self.sent) from error

    def require(self, expected: object, got: object, what: str) -> None:
        """Fails the check where two values differ."""
        if got != expected:
            raise MismatchError(f"{what} {clip(repr(expected))}", clip(repr(got)), self.sent)

    def require_body(self, expected: JsonValue) -> None:
        """Fails the check where the body is not exactly this."""
        if self.body != expected:
            raise MismatchError(clip(_text(expected)), str(self), self.sent)

    def __str__(self) -> str:
        kind = self.headers.get("content-type", "no Content-Type")
        return f"{self.status} {kind} {clip(self.content.decode(errors='replace'))}"


def as_json(value: JsonValue) -> bytes:
    """The body of a JSON request."""
    return _text(value).encode()


def clip(text: str) -> str:
    """The front of a text on one line, without anything that a terminal would obey."""
    line = " ".join(text.split())
    shown = line if len(line) <= SHOWN else f"{line[:SHOWN]}…"
    return "".join(character if character.isprintable() else "·" for character in shown)


def _text(value: JsonValue) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
