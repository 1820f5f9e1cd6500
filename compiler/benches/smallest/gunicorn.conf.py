"""Gunicorn's settings of the implementations, without what they do when a worker starts."""
# ruff: noqa: INP001

import os

threads = int(os.environ["THREADS"])
keepalive = 75
worker_tmp_dir = "/dev/shm"  # noqa: S108  # Gunicorn makes an unnamed file there
control_socket_disable = True
