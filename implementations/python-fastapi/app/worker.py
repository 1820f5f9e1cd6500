"""Gunicorn's worker: Uvicorn with the options that the manifest gives to Uvicorn alone."""

from typing import Any

from uvicorn_worker import UvicornWorker


class Worker(UvicornWorker):
    """Serves the application in one Gunicorn process."""

    CONFIG_KWARGS: dict[str, Any] = {  # Any: declared so by UvicornWorker
        "loop": "uvloop",
        "http": "httptools",
        "ws": "none",
        "lifespan": "on",
        "proxy_headers": False,
        "timeout_graceful_shutdown": 3,
    }
