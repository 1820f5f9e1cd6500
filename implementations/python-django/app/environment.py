"""Turns the process's environment into typed values for Django's settings."""

from typing import Literal

from pydantic import NonNegativeInt, PositiveInt, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Environment(BaseSettings):
    """What one worker process needs to know; the server itself takes host, port and workers from its command line."""

    # A refused value must not print the others, secrets among them.
    model_config = SettingsConfigDict(frozen=True, hide_input_in_errors=True)

    workers: PositiveInt
    threads: PositiveInt = 1
    database_url: SecretStr
    db_pool_total: PositiveInt
    data_access: Literal["raw", "orm"] = "raw"
    upstream_url: str
    jwt_secret: SecretStr
    jwt_audience: str
    log_level: Literal["debug", "info", "warning", "error", "critical"] = "info"
    middleware_depth: NonNegativeInt = 0

    @property
    def pool_size(self) -> int:
        """Connections of this process: its share, but none that would wait for a thread forever."""
        return max(1, min(self.threads, self.db_pool_total // self.workers))
