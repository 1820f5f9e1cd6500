#!/usr/bin/python
"""Run a private PostgreSQL with the seeded database, reset it, and tell whether it still runs."""

from __future__ import annotations

DOCUMENTATION = r"""
module: database
short_description: A private PostgreSQL with the seeded database
description:
  - C(started) makes a data folder of its own, starts PostgreSQL on a free port, and seeds the template of the database.
  - C(reset) makes the database anew from that template.
  - C(checked) tells whether the PostgreSQL that was started still runs and answers.
options:
  state: {type: str, choices: [started, reset, checked], default: started}
  folder: {description: The run's state folder on this host., type: path, required: true}
  bin: {description: Folder of initdb, postgres and psql., type: path, required: true}
  user: {description: System user that PostgreSQL runs as; empty for the caller., type: str, default: ''}
  password: {description: Password of the role that the server uses., type: str, default: ''}
  host: {description: Address to listen on., type: str, default: 127.0.0.1}
  allowed: {description: Network that may connect., type: str, default: 127.0.0.1/32}
  cpus: {type: list, elements: int, default: []}
  settings: {description: postgresql.conf., type: dict, default: {}}
  schema_files: {description: SQL files that make and fill the template., type: list, elements: path, default: []}
  trial: {description: Passed through to the result., type: str}
author: benchmark-lab
"""

EXAMPLES = r"""
- name: Reset the database
  database: {state: reset, folder: /var/tmp/run, bin: /usr/lib/postgresql/15/bin}
"""

RETURN = r"""
problem: {description: Why PostgreSQL does not serve, type: str, returned: checked}
port: {description: The port it listens on, type: int, returned: started}
version: {description: PostgreSQL's version, type: str, returned: started}
"""

import pwd
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.lab_processes import Process, free_port, identity_of, is_alive, read_record, start, stop, tail

NAME = "postgresql"
DATABASE = "lab"
TEMPLATE = "lab_seed"
READY_TIMEOUT_S = 30.0
RESET = (
    f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)",
    f"CREATE DATABASE {DATABASE} TEMPLATE {TEMPLATE} OWNER {DATABASE}",
    "CHECKPOINT",
)


class DatabaseError(Exception):
    """PostgreSQL or one of its programs failed; the text says which and why."""


class Cluster:
    """One PostgreSQL: its programs, its data folder and the user that it runs as."""

    def __init__(self, params: dict[str, Any]) -> None:
        self.state = Path(params["folder"])
        self.bin = Path(params["bin"])
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
        connection = [f"--host={self.home}", f"--port={port}", "--username=postgres", f"--dbname={database}"]
        return self.run("psql", *connection, "--no-psqlrc", "--quiet", "--tuples-only", "--no-align",
                        "--set=ON_ERROR_STOP=1", stdin=sql)  # fmt: skip

    def make(self, host: str, allowed: str, port: int, settings: dict[str, str]) -> None:
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
        (self.data / "pg_hba.conf").write_text(f"local all all trust\nhost all all {allowed} scram-sha-256\n")

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


def start_database(cluster: Cluster, params: dict[str, Any]) -> dict[str, Any]:
    """Make, start and seed everything afresh."""
    previous = read_record(cluster.state, NAME)
    if previous:
        stop(cluster.state, previous)
    shutil.rmtree(cluster.home, ignore_errors=True)
    port = free_port(params["host"])
    cluster.make(params["host"], params["allowed"], port, params["settings"])
    cluster.serve(port, params["cpus"])
    quoted = params["password"].replace("'", "''")
    cluster.psql(
        f"CREATE ROLE {DATABASE} LOGIN PASSWORD '{quoted}'; CREATE DATABASE {TEMPLATE} OWNER {DATABASE};", port
    )
    scripts = "\n".join(Path(file).read_text(encoding="utf-8") for file in params["schema_files"])
    cluster.psql(f"BEGIN; SET ROLE {DATABASE};\n{scripts}\nCOMMIT;", port, TEMPLATE)
    cluster.psql("CREATE EXTENSION IF NOT EXISTS pg_stat_statements", port, TEMPLATE)
    cluster.psql(";\n".join(RESET), port)
    return {"changed": True, "problem": None, "port": port, "version": cluster.run("postgres", "--version")}


def reset_database(cluster: Cluster) -> dict[str, Any]:
    """Make the database anew from its template."""
    process = read_record(cluster.state, NAME)
    if process is None or not is_alive(process):
        raise DatabaseError("PostgreSQL is not running")
    cluster.psql(";\n".join(RESET), process.port)
    return {"changed": True, "problem": None}


def check_database(cluster: Cluster) -> dict[str, Any]:
    """Whether the PostgreSQL of this run still serves."""
    process = read_record(cluster.state, NAME)
    if process is None or not is_alive(process):
        return {"problem": "PostgreSQL ended", "log_tail": tail(process.log) if process else ""}
    try:
        cluster.psql("SELECT 1", process.port, DATABASE)
    except DatabaseError as error:
        return {"problem": str(error), "log_tail": tail(process.log)}
    return {"problem": None}


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "state": {"type": "str", "choices": ["started", "reset", "checked"], "default": "started"},
            "folder": {"type": "path", "required": True},
            "bin": {"type": "path", "required": True},
            "user": {"type": "str", "default": ""},
            "password": {"type": "str", "default": "", "no_log": True},
            "host": {"type": "str", "default": "127.0.0.1"},
            "allowed": {"type": "str", "default": "127.0.0.1/32"},
            "cpus": {"type": "list", "elements": "int", "default": []},
            "settings": {"type": "dict", "default": {}},
            "schema_files": {"type": "list", "elements": "path", "default": []},
            "trial": {"type": "str"},
        }
    )
    params = module.params
    cluster = Cluster(params)
    try:
        match params["state"]:
            case "started":
                result = start_database(cluster, params)
            case "reset":
                result = reset_database(cluster)
            case _:
                result = check_database(cluster)
    except (DatabaseError, OSError, KeyError) as error:
        module.fail_json(msg=f"PostgreSQL: {error}")
    else:
        module.exit_json(**{"changed": False, "state": params["state"], "trial": params["trial"], **result})


if __name__ == "__main__":
    main()
