"""The log of the API: one JSON line an event on standard output."""

import json
import logging
import sys
from datetime import UTC, datetime

LOGGER = logging.getLogger(__name__)


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


def configure_logs(level: str) -> None:
    """Sets the level of the API's log; Flask's own, with the tracebacks of failures, stays on standard error."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonFormatter())
    LOGGER.handlers = [handler]
    LOGGER.propagate = False
    LOGGER.setLevel(level.upper())
