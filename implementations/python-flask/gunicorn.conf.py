"""Gunicorn's settings beside the command line's host, port, workers and their class."""

import atexit
import os
from typing import cast

from app.database import connect
from flask import Flask
from gunicorn.workers.base import Worker

wsgi_app = "app.main:create_app()"
threads = int(os.environ.get("THREADS", "1"))
loglevel = os.environ.get("LOG_LEVEL", "info")
# Kept-alive connections outlast a proxy's idle ones, as Gunicorn's documentation advises behind a load balancer.
keepalive = 75
# What is left unanswered then is cut off, so that the server ends within five seconds.
graceful_timeout = 4
# Many workers that start on few CPUs need longer than the default of 30 seconds.
timeout = 120
# A heartbeat file on a disk may block a worker.
worker_tmp_dir = "/dev/shm"  # noqa: S108  # Gunicorn makes an unnamed file there
control_socket_disable = True


def post_worker_init(worker: Worker) -> None:
    """Connects before the worker serves: where the database cannot be reached, the worker and Gunicorn end."""
    pool = cast("Flask", worker.wsgi).extensions["pool"]  # it is what wsgi_app made
    connect(pool)
    atexit.register(pool.close)
