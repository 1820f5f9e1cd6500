"""Flask's JSON, with instants as RFC 3339 instead of HTTP's dates."""

from datetime import datetime
from typing import Any

from flask.json.provider import DefaultJSONProvider


class JsonProvider(DefaultJSONProvider):
    """Writes members in their own order."""

    sort_keys = False

    @staticmethod
    def default(value: Any) -> Any:  # noqa: ANN401  # declared so by Flask
        """What the standard library cannot write."""
        return value.isoformat() if isinstance(value, datetime) else DefaultJSONProvider.default(value)
