"""Turns the process's environment into typed settings."""

from typing import Literal

from pydantic import NonNegativeInt, PositiveInt, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """What one worker process needs to know; the server itself takes host, port and workers from its command line."""

    # A refused setting must not print the others, secrets among them.
    model_config = SettingsConfigDict(frozen=True, hide_input_in_errors=True)

    workers: PositiveInt
    database_url: SecretStr
    db_pool_total: PositiveInt
    upstream_url: str
    jwt_secret: SecretStr
    jwt_audience: str
    log_level: Literal["debug", "info", "warning", "error", "critical"] = "info"
    middleware_depth: NonNegativeInt = 0
    style: Literal["documented", "lean"] = "documented"

    @property
    def pool_size(self) -> int:
        """Connections of this process."""
        return max(1, self.db_pool_total // self.workers)
