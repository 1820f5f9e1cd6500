"""A private PostgreSQL with the seeded tables, for one test session or, as a program, for the command that is given.

The command finds it in DATABASE_URL.
"""

import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

DATABASE_FILES = Path(__file__).parents[3] / "spec" / "database"


@contextmanager
def private_postgres() -> Iterator[str]:
    """Yields the URL of a new database; nothing of it is left afterwards."""
    # PostgreSQL refuses to run as root, and its account must be able to walk to the folder.
    account = "nobody" if os.geteuid() == 0 else None
    home = Path(tempfile.mkdtemp(prefix="benchmark-lab-test-", dir="/var/tmp"))
    password = secrets.token_hex(8)
    (home / "password").write_text(password)
    for path in (home, home / "password"):
        if account:
            shutil.chown(path, user=account)
    port = _free_port()
    settings = (
        "listen_addresses=127.0.0.1",
        "fsync=off",
        "max_connections=50",
        "shared_preload_libraries=pg_stat_statements",
    )
    options = " ".join([f"-p {port} -k {home}", *(f"-c {setting}" for setting in settings)])
    try:
        _run(
            "initdb",
            "-A",
            "scram-sha-256",
            "-U",
            "lab",
            f"--pwfile={home}/password",
            "-D",
            f"{home}/data",
            user=account,
        )
        _run("pg_ctl", "-w", "-D", f"{home}/data", "-l", f"{home}/log", "-o", options, "start", user=account)
        try:
            url = f"postgresql://lab:{password}@127.0.0.1:{port}/postgres"
            with psycopg.connect(url, autocommit=True) as connection:
                for name in ("schema.sql", "seed.sql"):
                    connection.execute((DATABASE_FILES / name).read_bytes())
                connection.execute("CREATE EXTENSION pg_stat_statements")
            yield url
        finally:
            _run("pg_ctl", "-m", "immediate", "-D", f"{home}/data", "stop", user=account)
    finally:
        shutil.rmtree(home)


def _run(program: str, *arguments: str, user: str | None) -> None:
    found = shutil.which(program, path=os.pathsep.join([os.environ["PATH"], *map(str, _installed())]))
    assert found, f"{program} is not installed"
    subprocess.run(
        [found, *arguments], user=user, cwd="/", check=True, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL
    )


def _installed() -> list[Path]:
    """Folders of PostgreSQL's programs that Debian keeps off PATH, the newest version first."""
    folders = Path("/usr/lib/postgresql").glob("*/bin")
    return sorted(folders, key=lambda path: [int(part) for part in re.findall(r"\d+", str(path))], reverse=True)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


if __name__ == "__main__":
    with private_postgres() as found:
        sys.exit(subprocess.run(sys.argv[1:], env={**os.environ, "DATABASE_URL": found}, check=False).returncode)
