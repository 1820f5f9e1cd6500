"""The server under check, and the places where its side effects show."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from benchmark_lab.diagnostics import LabError


class UnreachableError(LabError):
    """The server, its database or its upstream gives no answer at all, so nothing can be checked."""

    exit_code = 3


@dataclass(frozen=True, slots=True)
class Sut:
    """Where to send requests and where to look; what is None leaves the checks that need it skipped."""

    base_url: str
    db_url: str | None = field(default=None, repr=False)
    upstream_url: str | None = None
    jwt_secret: str | None = field(default=None, repr=False)
    jwt_audience: str = "benchmark-lab"
    middleware_depth: int = 0
    """What the server was started with."""
    server_log: Callable[[], str] | None = field(default=None, repr=False)
    """What the server has written to standard output so far."""
    server_memory: Callable[[], int] | None = field(default=None, repr=False)
    """Resident memory of the server's processes, in bytes."""

    def redact(self, text: str) -> str:
        """The text without the target's secrets."""
        for secret in self._secrets():
            text = text.replace(secret, "…")
        return text

    def _secrets(self) -> Iterator[str]:
        if self.jwt_secret:
            yield self.jwt_secret
        if self.db_url and (password := urlsplit(self.db_url).password):
            yield password
            yield unquote(password)
