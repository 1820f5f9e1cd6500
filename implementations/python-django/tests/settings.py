"""The settings under test: those of an environment like a server's."""

import os
import socket

SECRET = "a secret of at least thirty-two bytes"  # noqa: S105  # signs the tokens of these tests alone

with socket.create_server(("127.0.0.1", 0)) as listener:
    DATABASE_PORT = listener.getsockname()[1]

os.environ |= {
    "WORKERS": "2",
    "THREADS": "4",
    "DATABASE_URL": f"postgresql://postgres@127.0.0.1:{DATABASE_PORT}/postgres",
    "DB_POOL_TOTAL": "5",
    "UPSTREAM_URL": "http://127.0.0.1:1",
    "JWT_SECRET": SECRET,
    "JWT_AUDIENCE": "tests",
    "MIDDLEWARE_DEPTH": "3",
}

from app.settings import *  # noqa: E402, F403  # they are made from the environment
