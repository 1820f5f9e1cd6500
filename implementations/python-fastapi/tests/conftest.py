"""Applications to ask: without connections for most tests, on a private PostgreSQL for those marked `tools`."""

import asyncio
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import asyncpg
import httpx
import pytest
from app.main import create_app
from app.settings import Settings
from fastapi import FastAPI

SQL = Path(__file__).parents[3] / "spec" / "database"
SECRET = "a secret of at least thirty-two bytes"  # noqa: S105  # signs the tokens of these tests alone


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def style() -> str:
    return "documented"


@pytest.fixture
def settings(style: str) -> Settings:
    return Settings.model_validate(
        {
            "workers": 2,
            "database_url": "postgresql://127.0.0.1:1/nothing",
            "db_pool_total": 5,
            "upstream_url": "http://upstream.test",
            "jwt_secret": SECRET,
            "jwt_audience": "tests",
            "middleware_depth": 3,
            "style": style,
        }
    )


@pytest.fixture
def app(settings: Settings) -> FastAPI:
    return create_app(settings)


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://api.test") as client:
        yield client


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    programs = max(Path("/usr/lib/postgresql").glob("*/bin"), default=None)
    if programs is None:
        pytest.skip("PostgreSQL is not installed")
    account = "postgres" if os.geteuid() == 0 else None  # it refuses to run as root
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with tempfile.TemporaryDirectory(dir="/var/tmp", prefix="fastapi-tests-") as folder:
        if account:
            shutil.chown(folder, account)
        run = runner(programs, folder, account)
        run("initdb", "--pgdata=data", "--username=postgres", "--auth=trust", "--no-sync")
        options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off"
        run("pg_ctl", "--pgdata=data", "--wait", "--log=log", f"--options={options}", "start")
        try:
            url = f"postgresql://postgres@127.0.0.1:{port}/postgres"
            asyncio.run(execute(url, *((SQL / name).read_text() for name in ("schema.sql", "seed.sql"))))
            yield url
        finally:
            run("pg_ctl", "--pgdata=data", "--mode=immediate", "stop")


@pytest.fixture
async def users_client(settings: Settings, postgres_url: str) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(Settings.model_validate(settings.model_dump() | {"database_url": postgres_url}))
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://api") as client,
    ):
        yield client
    await execute(postgres_url, "DELETE FROM user_events", "DELETE FROM users WHERE id > 10000")


def runner(programs: Path, folder: str, account: str | None) -> Callable[..., None]:
    def run(program: str, *arguments: str) -> None:
        subprocess.run(  # noqa: S603  # PostgreSQL's own programs
            [programs / program, *arguments], check=True, cwd=folder, user=account, stdout=subprocess.DEVNULL
        )

    return run


async def execute(url: str, *scripts: str) -> None:
    connection = await asyncpg.connect(url)
    for script in scripts:
        await connection.execute(script)
    await connection.close()
