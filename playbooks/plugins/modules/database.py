#!/usr/bin/python
"""Run a private PostgreSQL with the seeded database, reset it, and observe it over a window."""

from __future__ import annotations

DOCUMENTATION = r"""
module: database
short_description: A private PostgreSQL with the seeded database
description:
  - C(started) makes a data folder of its own, starts PostgreSQL on a free port, seeds the template of the database, and
    begins to sample it.
  - C(reset) makes the database anew from that template.
  - C(observed) tells whether the PostgreSQL that was started still runs and answers, and, given a window, what it and
    its host did between two moments of the host's monotonic clock; so too for the simulated external API beside it.
  - C(calibrated) measures with pgbench what it can do at most with given statements; it leaves the database written to.
options:
  state: {type: str, choices: [started, reset, observed, calibrated], default: started}
  folder: {description: The run's state folder on this host., type: path, required: true}
  bin: {description: Folder of initdb, postgres and psql; the newest that Debian has if empty., type: str, default: ''}
  user: {description: System user that PostgreSQL runs as; empty for the caller., type: str, default: ''}
  password: {description: Password of the role that the server uses., type: str, default: ''}
  host: {description: Address to listen on., type: str, default: 127.0.0.1}
  allowed: {description: Networks that may connect., type: list, elements: str, default: [127.0.0.1/32]}
  cpus: {type: list, elements: int, default: []}
  sampler_cpus: {description: CPU numbers for the sampler., type: list, elements: int, default: []}
  settings: {description: postgresql.conf., type: dict, default: {}}
  schema_files: {description: SQL files that make and fill the template., type: list, elements: path, default: []}
  start_s: {description: Begin of the window, monotonic seconds., type: float, default: 0}
  end_s: {description: End of the window; 0 if there was none., type: float, default: 0}
  rows: {description: Whether to count the rows that were added., type: bool, default: false}
  files: {description: Folder of the scripts of the benchmarks., type: path}
  benchmarks:
    description: What to measure with pgbench; each has C(name), C(script), C(variables) and C(connections).
    type: list
    elements: dict
    default: []
  metadata: {description: "Of a host that may be taken away: C(host:port) that tells of it.", type: str, default: ''}
  trial: {description: Passed through to the result., type: str}
author: benchmark-lab
"""

EXAMPLES = r"""
- name: Reset the database
  database: {state: reset, folder: /var/tmp/run, bin: /usr/lib/postgresql/15/bin}
"""

RETURN = r"""
problem: {description: Why PostgreSQL does not serve, type: str, returned: observed}
host: {description: What the host did within the window, type: dict, returned: observed}
upstream: {description: CPU time of the simulated external API within the window, type: dict, returned: observed}
tps: {description: Transactions a second by the benchmark's name, type: dict, returned: calibrated}
port: {description: The port it listens on, type: int, returned: started}
version: {description: PostgreSQL's version, type: str, returned: started}
"""

import os
import re
import shutil
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.lab_database_counters import Question, counted_within
from ansible.module_utils.lab_notice import notices
from ansible.module_utils.lab_postgresql import DATABASE, NAME, Cluster, DatabaseError
from ansible.module_utils.lab_processes import free_port, is_alive, read_record, stop, tail
from ansible.module_utils.lab_sampler import Sampling, observe, samples_around, start_sampler

TEMPLATE = "lab_seed"
UPSTREAM = "upstream"
"""The record of the simulated external API."""
RESET = (
    f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)",
    f"CREATE DATABASE {DATABASE} TEMPLATE {TEMPLATE} OWNER {DATABASE}",
    "CHECKPOINT",
)
CALIBRATION_S = 2
COUNT = "SELECT (SELECT count(*) FROM users), (SELECT count(*) FROM user_events)"
SEEDED = "seeded"
"""The template's answer to COUNT."""


def start_database(cluster: Cluster, params: dict[str, Any]) -> dict[str, Any]:
    """Make, start and seed everything afresh."""
    previous = read_record(cluster.state, NAME)
    if previous:
        stop(cluster.state, previous)
    shutil.rmtree(cluster.home, ignore_errors=True)
    port = free_port(params["host"])
    cluster.make(params["host"], params["allowed"], port, params["settings"])
    process = cluster.serve(port, params["cpus"])
    quoted = params["password"].replace("'", "''")
    cluster.psql(
        f"CREATE ROLE {DATABASE} LOGIN PASSWORD '{quoted}'; CREATE DATABASE {TEMPLATE} OWNER {DATABASE};", port
    )
    scripts = "\n".join(Path(file).read_text(encoding="utf-8") for file in params["schema_files"])
    cluster.psql(f"BEGIN; SET ROLE {DATABASE};\n{scripts}\nCOMMIT;", port, TEMPLATE)
    cluster.psql("CREATE EXTENSION IF NOT EXISTS pg_stat_statements", port, TEMPLATE)
    (cluster.home / SEEDED).write_text(cluster.psql(COUNT, port, TEMPLATE))
    cluster.psql(";\n".join(RESET), port)
    start_sampler(cluster.state, process, Sampling(params["sampler_cpus"], host=True, ask=Question(cluster, port).ask))
    return {"changed": True, "problem": None, "port": port, "version": cluster.run("postgres", "--version")}


def reset_database(cluster: Cluster) -> dict[str, Any]:
    """Make the database anew from its template."""
    process = read_record(cluster.state, NAME)
    if process is None or not is_alive(process):
        raise DatabaseError("PostgreSQL is not running")
    cluster.psql(";\n".join(RESET), process.port)
    return {"changed": True, "problem": None}


def observe_database(cluster: Cluster, params: dict[str, Any]) -> dict[str, Any]:
    """Whether the PostgreSQL of this run still serves, and what happened on its host within the window."""
    process = read_record(cluster.state, NAME)
    if process is None or not is_alive(process):
        return {"problem": "PostgreSQL ended", "log_tail": tail(process.log) if process else ""}
    try:
        answer = cluster.psql(COUNT if params["rows"] else "SELECT 1", process.port, DATABASE)
    except DatabaseError as error:
        return {"problem": str(error), "log_tail": tail(process.log)}
    start_s, end_s = params["start_s"], params["end_s"]
    if not end_s:
        return {"problem": None}
    samples = samples_around(cluster.state, process, start_s, end_s)
    counted = counted_within(samples, start_s, end_s)
    if counted is None:
        return {"problem": "PostgreSQL did not tell its counters", "log_tail": tail(process.log)}
    window = observe(samples, start_s, end_s)
    return {
        "problem": None,
        "cpu_s": window.cpu_s,
        "cpus": process.cpu_count,
        **counted,
        **(added_since_reset(cluster, answer) if params["rows"] else {}),
        "host": {**window.host, **notices(params["metadata"])},
        "upstream": observe_upstream(cluster.state, params),
    }


def added_since_reset(cluster: Cluster, answer: str) -> dict[str, int]:
    """Rows beyond those of the template, from two answers to COUNT."""
    seeded = (cluster.home / SEEDED).read_text().split("|")
    users, events = (int(now) - int(then) for now, then in zip(answer.split("|"), seeded, strict=True))
    return {"users_added": users, "events_added": events}


def observe_upstream(state: Path, params: dict[str, Any]) -> dict[str, Any]:
    """What the simulated external API used within the window."""
    process = read_record(state, UPSTREAM)
    if process is None or not is_alive(process):
        return {"problem": "the simulated external API ended"}
    start_s, end_s = params["start_s"], params["end_s"]
    window = observe(samples_around(state, process, start_s, end_s), start_s, end_s)
    return {"cpu_s": window.cpu_s, "cpus": process.cpu_count}


def calibrate_database(cluster: Cluster, params: dict[str, Any]) -> dict[str, Any]:
    """Transactions a second of each benchmark, each for CALIBRATION_S."""
    process = read_record(cluster.state, NAME)
    if process is None or not is_alive(process):
        raise DatabaseError("PostgreSQL is not running")
    tps = {}
    script = cluster.home / "pgbench.sql"  # a copy, since the user of PostgreSQL may not read the project
    for benchmark in params["benchmarks"]:
        script.write_text(Path(params["files"], benchmark["script"]).read_text(encoding="utf-8"))
        script.chmod(0o644)
        tps[benchmark["name"]] = pgbench(cluster, process.port, script, benchmark)
    return {"changed": bool(tps), "problem": None, "tps": tps}


def pgbench(cluster: Cluster, port: int, script: Path, benchmark: dict[str, Any]) -> float:
    """Run one benchmark, a thread for each CPU that pgbench may use; its transactions a second, connecting aside."""
    jobs = len(os.sched_getaffinity(0))
    defined = [f"--define={name}={value}" for name, value in benchmark["variables"].items()]
    connection = [f"--host={cluster.home}", f"--port={port}", "--username=postgres", DATABASE]
    printed = cluster.run(
        "pgbench",
        "--no-vacuum",
        "--protocol=prepared",
        f"--client={max(benchmark['connections'], jobs)}",
        f"--jobs={jobs}",
        f"--time={CALIBRATION_S}",
        f"--file={script}",
        *defined,
        *connection,
    )
    found = re.search(r"^tps = ([\d.]+)", printed, re.MULTILINE)
    if found is None:
        raise DatabaseError(f"pgbench printed no rate: {printed[-500:]}")
    return float(found[1])


ACTIONS = {
    "started": start_database,
    "reset": lambda cluster, _: reset_database(cluster),
    "observed": observe_database,
    "calibrated": calibrate_database,
}


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "state": {"type": "str", "choices": [*ACTIONS], "default": "started"},
            "folder": {"type": "path", "required": True},
            "bin": {"type": "str", "default": ""},
            "user": {"type": "str", "default": ""},
            "password": {"type": "str", "default": "", "no_log": True},
            "host": {"type": "str", "default": "127.0.0.1"},
            "allowed": {"type": "list", "elements": "str", "default": ["127.0.0.1/32"]},
            "cpus": {"type": "list", "elements": "int", "default": []},
            "sampler_cpus": {"type": "list", "elements": "int", "default": []},
            "settings": {"type": "dict", "default": {}},
            "schema_files": {"type": "list", "elements": "path", "default": []},
            "start_s": {"type": "float", "default": 0.0},
            "end_s": {"type": "float", "default": 0.0},
            "rows": {"type": "bool", "default": False},
            "metadata": {"type": "str", "default": ""},
            "files": {"type": "path"},
            "benchmarks": {"type": "list", "elements": "dict", "default": []},
            "trial": {"type": "str"},
        }
    )
    params = module.params
    try:
        result = ACTIONS[params["state"]](Cluster(params), params)
    except (DatabaseError, OSError, KeyError) as error:
        module.fail_json(msg=f"PostgreSQL: {error}")
    else:
        module.exit_json(**{"changed": False, "state": params["state"], "trial": params["trial"], **result})


if __name__ == "__main__":
    main()
