"""The secrets of one run: made at its start, passed by environment, never written anywhere."""

from __future__ import annotations

import secrets
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Secrets:
    """What servers, database and generator must know and nobody else."""

    database_password: str
    jwt_secret: str

    def redact(self, text: str) -> str:
        """The text without the secrets."""
        return text.replace(self.database_password, "[redacted]").replace(self.jwt_secret, "[redacted]")


def new_secrets() -> Secrets:
    """Fresh secrets; URL-safe, since one of them becomes part of an address."""
    return Secrets(database_password=secrets.token_urlsafe(24), jwt_secret=secrets.token_urlsafe(48))
