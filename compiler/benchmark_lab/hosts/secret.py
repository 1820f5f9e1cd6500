"""The secrets of one run: made at the run's start, passed by environment, never written anywhere."""

from __future__ import annotations

import secrets
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Secrets:
    """The secrets that only servers, database and generator must know."""

    database_password: str
    jwt_secret: str

    def redact(self, text: str) -> str:
        """Return the text without the secrets."""
        return text.replace(self.database_password, "[redacted]").replace(self.jwt_secret, "[redacted]")


def new_secrets() -> Secrets:
    """Return fresh secrets, which are URL-safe, since one of the secrets becomes part of an address."""
    return Secrets(database_password=secrets.token_urlsafe(24), jwt_secret=secrets.token_urlsafe(48))
