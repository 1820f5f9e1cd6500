"""The application to ask: without connections for most tests, on a private PostgreSQL for those marked `tools`."""

import os
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import psycopg
import pytest
from django.conf import settings
from tests.settings import DATABASE_PORT

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"

from app.wsgi import application  # it is made with these settings

SQL = Path(__file__).parents[3] / "spec" / "database"


class Upstream(ThreadingHTTPServer):
    """Gives every request the same answer, and remembers the paths and the connections."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), UpstreamHandler)
        self.status = 200
        self.body = b'{"value": "v"}'
        self.paths: list[str] = []
        self.clients: set[tuple[str, int]] = set()
        self.released = threading.Event()
        self.released.set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class UpstreamHandler(BaseHTTPRequestHandler):
    server: Upstream
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.server.paths.append(self.path)
        self.server.clients.add(self.client_address)
        self.server.released.wait()
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(self.server.body)))
        self.end_headers()
        self.wfile.write(self.server.body)

    def log_message(self, *_args: object) -> None:
        pass


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with Upstream() as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.released.set()
        server.shutdown()
        thread.join()


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    with httpx.Client(transport=httpx.WSGITransport(application), base_url="http://api.test") as client:
        yield client


@pytest.fixture(scope="session")
def database_url() -> Iterator[str]:
    programs = max(Path("/usr/lib/postgresql").glob("*/bin"), default=None)
    if programs is None:
        pytest.skip("PostgreSQL is not installed")
    account = "postgres" if os.geteuid() == 0 else None  # it refuses to run as root
    with tempfile.TemporaryDirectory(dir="/var/tmp", prefix="django-tests-") as folder:
        if account:
            shutil.chown(folder, account)
        run = runner(programs, folder, account)
        run("initdb", "--pgdata=data", "--username=postgres", "--auth=trust", "--no-sync")
        options = f"-p {DATABASE_PORT} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off"
        run("pg_ctl", "--pgdata=data", "--wait", "--log=log", f"--options={options}", "start")
        try:
            with psycopg.connect(settings.DATABASE_URL) as connection:
                for name in ("schema.sql", "seed.sql"):
                    connection.execute((SQL / name).read_bytes())
            yield settings.DATABASE_URL
        finally:
            run("pg_ctl", "--pgdata=data", "--mode=immediate", "stop")


def runner(programs: Path, folder: str, account: str | None) -> Callable[..., None]:
    def run(program: str, *arguments: str) -> None:
        subprocess.run(  # noqa: S603  # PostgreSQL's own programs
            [programs / program, *arguments], check=True, cwd=folder, user=account, stdout=subprocess.DEVNULL
        )

    return run
