"""The log of the API: one JSON line an event on standard output, as settings.LOGGING says."""

import json
import logging
from datetime import UTC, datetime

LOGGER = logging.getLogger("app")


class JsonFormatter(logging.Formatter):
    """Renders a record, with the `fields` that its `extra` may carry."""

    def format(self, record: logging.LogRecord) -> str:
        """One line without a newline."""
        return json.dumps(
            {
                "time": datetime.fromtimestamp(record.created, UTC).isoformat(),
                "level": record.levelname.lower(),
                "message": record.getMessage(),
                **getattr(record, "fields", {}),
            }
        )
