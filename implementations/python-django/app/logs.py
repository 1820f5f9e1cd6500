"""The log of the API, put together by settings.LOGGING: JSON lines on standard output, failures on standard error."""

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


class FailureFilter(logging.Filter):
    """Lets through what has a traceback: Django itself logs every 4xx and 5xx, those that the API means too."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether to write the record."""
        return record.exc_info is not None
