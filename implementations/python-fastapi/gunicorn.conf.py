"""Gunicorn's settings beside the command line's host, port and workers."""

import os

wsgi_app = "app.main:create_app()"
worker_class = "app.worker.Worker"
loglevel = os.environ.get("LOG_LEVEL", "info")
# Kept-alive connections outlast a proxy's idle ones, as Gunicorn's documentation advises behind a load balancer.
keepalive = 75
# The workers cancel what is left after three seconds, see app/worker.py.
graceful_timeout = 4
# Many workers that start on few CPUs need longer than the default of 30 seconds.
timeout = 120
# A heartbeat file on a disk may block a worker.
worker_tmp_dir = "/dev/shm"  # noqa: S108  # Gunicorn makes an unnamed file there
control_socket_disable = True
