"""Turns the process's environment into typed settings."""

from collections.abc import Mapping
from dataclasses import dataclass, field

LOG_LEVELS = ("debug", "info", "warning", "error")


class SettingsError(Exception):
    """A variable is missing or wrong; its value, which may be a secret, is not repeated."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What one worker process needs to know; the server itself takes host, port and workers from its command line."""

    workers: int
    database_url: str = field(repr=False)
    db_pool_total: int
    upstream_url: str
    jwt_secret: str = field(repr=False)
    jwt_audience: str
    log_level: str
    middleware_depth: int

    @property
    def pool_size(self) -> int:
        """Connections of this process."""
        return max(1, self.db_pool_total // self.workers)


def read_settings(environment: Mapping[str, str]) -> Settings:
    """The settings; SettingsError names the first variable that is wrong."""
    return Settings(
        workers=_integer(environment, "WORKERS", least=1),
        database_url=_text(environment, "DATABASE_URL"),
        db_pool_total=_integer(environment, "DB_POOL_TOTAL", least=1),
        upstream_url=_text(environment, "UPSTREAM_URL"),
        jwt_secret=_text(environment, "JWT_SECRET"),
        jwt_audience=_text(environment, "JWT_AUDIENCE"),
        log_level=_log_level(environment),
        middleware_depth=_integer({"MIDDLEWARE_DEPTH": "0", **environment}, "MIDDLEWARE_DEPTH", least=0),
    )


def _text(environment: Mapping[str, str], name: str) -> str:
    if not (value := environment.get(name)):
        raise SettingsError(f"the environment has no {name}")
    return value


def _integer(environment: Mapping[str, str], name: str, *, least: int) -> int:
    text = _text(environment, name)
    if not (text.isascii() and text.isdecimal() and int(text) >= least):
        raise SettingsError(f"{name} must be an integer of at least {least}")
    return int(text)


def _log_level(environment: Mapping[str, str]) -> str:
    if (level := environment.get("LOG_LEVEL", "info")) not in LOG_LEVELS:
        raise SettingsError(f"LOG_LEVEL must be one of {', '.join(LOG_LEVELS)}")
    return level
