"""A private PostgreSQL on a host: made, started and spoken to by its own programs."""

from __future__ import annotations

import pwd
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

from ansible.module_utils.lab_processes import Process, identity_of, is_alive, start, stop, tail

NAME = "postgresql"
DATABASE = "lab"
READY_TIMEOUT_S = 30.0
STATEMENT_TIMEOUT_S = 2
_PSQL = ("--username=postgres", "--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1")


class DatabaseError(Exception):
    """PostgreSQL or one of its programs failed; the text says which and why."""


def newest_programs() -> Path:
    """Folder of the programs of the newest PostgreSQL that Debian's packages put here."""
    found = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/postgres")]
    if not found:
        raise DatabaseError("there is none below /usr/lib/postgresql: install Debian's package postgresql")
    return max(found, key=lambda folder: int(folder.parent.name))


class Cluster:
    """One PostgreSQL: its programs, its data folder and the user that it runs as."""

    def __init__(self, params: dict[str, Any]) -> None:
        self.state = Path(params["folder"])
        self.bin = Path(params["bin"]) if params["bin"] else newest_programs()
        self.user: str | None = params["user"] or None
        self.home = self.state / NAME
        self.data = self.home / "data"
        self.env = {"PATH": f"{self.bin}:/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC"}

    def run(self, program: str, *arguments: str, stdin: str = "") -> str:
        """Run one of PostgreSQL's programs as its user; its output."""
        done: subprocess.CompletedProcess[str] = subprocess.run(  # noqa: S603  a fixed program of PostgreSQL
            [str(self.bin / program), *arguments],
            input=stdin,
            env=self.env,
            cwd=self.home,
            capture_output=True,
            text=True,
            check=False,
            **identity_of(self.user),
        )
        if done.returncode != 0:
            raise DatabaseError(f"{program} ended with status {done.returncode}: {done.stderr.strip()[-1000:]}")
        return done.stdout.strip()

    def psql(self, sql: str, port: int, database: str = "postgres") -> str:
        """Run SQL over the private socket, statement by statement, stopping at the first error."""
        return self.run("psql", *self._psql_arguments(port, database), stdin=sql)

    def _psql_arguments(self, port: int, database: str) -> list[str]:
        return [f"--host={self.home}", f"--port={port}", f"--dbname={database}", *_PSQL]

    def make(self, host: str, allowed: list[str], port: int, settings: dict[str, str]) -> None:
        """Initialise the data folder, with a socket that only its user reaches and passwords over TCP."""
        self.home.mkdir(parents=True, mode=0o700)
        if self.user:
            shutil.chown(self.home, self.user, pwd.getpwnam(self.user).pw_gid)
        self.run("initdb", f"--pgdata={self.data}", "--username=postgres", "--auth=trust", "--encoding=UTF8",
                 "--locale=C.UTF-8", "--no-sync")  # fmt: skip
        lines = {
            **settings,
            "listen_addresses": host,
            "port": str(port),
            "unix_socket_directories": str(self.home),
        }
        with (self.data / "postgresql.conf").open("a", encoding="utf-8") as conf:
            conf.writelines(f"{key} = '{value}'\n" for key, value in sorted(lines.items()))
        clients = "".join(f"host all all {network} scram-sha-256\n" for network in allowed)
        (self.data / "pg_hba.conf").write_text(f"local all all trust\n{clients}")

    def serve(self, port: int, cpus: list[int]) -> Process:
        """Start the postmaster and wait until it answers."""
        argv = [str(self.bin / "postgres"), "-D", str(self.data)]
        process = start(
            self.state,
            NAME,
            argv,
            env=self.env,
            cwd=self.home,
            cpus=cpus,
            port=port,
            user=self.user,
            stop_signal=signal.SIGINT,
        )  # fmt: skip  SIGINT is PostgreSQL's fast shutdown
        deadline = time.monotonic() + READY_TIMEOUT_S
        while True:
            try:
                self.psql("SELECT 1", port)
            except DatabaseError as error:
                if not is_alive(process) or time.monotonic() > deadline:
                    log = tail(process.log)
                    stop(self.state, process)
                    raise DatabaseError(f"PostgreSQL does not answer: {error}\n{log}") from error
                time.sleep(0.05)
            else:
                return process

    def major_version(self) -> int:
        """Such as 15 of `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`."""
        return int(self.run("postgres", "--version").split()[2].split(".")[0])

    def open_psql(self, port: int) -> subprocess.Popen[str]:
        """A psql that answers what is written to it, over one connection that a reset of the database does not close.

        It ends with its database, at an error, and at the end of its input.
        """
        return subprocess.Popen(  # noqa: S603  a fixed program of PostgreSQL
            [str(self.bin / "psql"), *self._psql_arguments(port, "postgres")],
            env={**self.env, "PGOPTIONS": f"-c statement_timeout={STATEMENT_TIMEOUT_S}s"},
            cwd=self.home,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            bufsize=1,
            **identity_of(self.user),
        )
