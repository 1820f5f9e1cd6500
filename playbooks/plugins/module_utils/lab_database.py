"""The seeded database on a host: started, made anew, observed over a window, and measured for the most it can do."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

from ansible.module_utils.lab_database_counters import Question, counted_within
from ansible.module_utils.lab_notice import notices
from ansible.module_utils.lab_postgresql import DATABASE, NAME, Cluster, DatabaseError
from ansible.module_utils.lab_processes import free_port, is_alive, read_record, stop, tail
from ansible.module_utils.lab_sampler import Sampling, observe, samples_around, start_sampler

TEMPLATE = "lab_seed"
UPSTREAM = "upstream"
"""The record of the upstream."""
RESET = (
    f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)",
    f"CREATE DATABASE {DATABASE} TEMPLATE {TEMPLATE} OWNER {DATABASE}",
    "CHECKPOINT",
)
CALIBRATION_S = 2
TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
SEEDED = "seeded.json"
"""The file that holds the template's rows by table."""


def watched(question: Question) -> Sampling:
    """What is sampled of PostgreSQL, which answers the question."""
    return Sampling(host=True, ask=question.ask)


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
    seeded = rows_of(cluster, port, TEMPLATE, cluster.psql(TABLES, port, TEMPLATE).splitlines())
    (cluster.home / SEEDED).write_text(json.dumps(seeded))
    cluster.psql(";\n".join(RESET), port)
    start_sampler(cluster.state, process, replace(watched(Question(cluster, port)), cpus=params["sampler_cpus"]))
    return {"port": port, "version": cluster.run("postgres", "--version")}


def reset_database(cluster: Cluster, params: dict[str, Any]) -> dict[str, Any]:
    """Make the database anew from its template."""
    del params
    process = read_record(cluster.state, NAME)
    if process is None or not is_alive(process):
        raise DatabaseError("PostgreSQL is not running")
    cluster.psql(";\n".join(RESET), process.port)
    return {}


def observe_database(cluster: Cluster, params: dict[str, Any]) -> dict[str, Any]:
    """Whether the PostgreSQL of this run still serves, and what happened on its host within the window."""
    process = read_record(cluster.state, NAME)
    if process is None or not is_alive(process):
        return {"problem": "PostgreSQL ended", "log_tail": tail(process.log) if process else ""}
    try:
        rows = rows_of(cluster, process.port, DATABASE, params["tables"])
    except DatabaseError as error:
        return {"problem": str(error), "log_tail": tail(process.log)}
    start_s, end_s = params["start_s"], params["end_s"]
    if not end_s:
        return {"problem": None}
    with contextlib.closing(Question(cluster, process.port)) as question:
        samples = samples_around(cluster.state, process, start_s, watched(question))
    counted = counted_within(samples, start_s, end_s) if samples and samples[-1].answer else None
    if counted is None:
        return {"problem": "PostgreSQL did not tell its counters", "log_tail": tail(process.log)}
    window = observe(samples, start_s, end_s)
    return {
        "problem": None,
        "cpu_s": window.cpu_s,
        "cpus": process.cpu_count,
        **counted,
        "rows_added": added_since_reset(cluster, rows),
        "host": {**window.host, **notices(params["metadata"])},
        "upstream": observe_upstream(cluster.state, params),
    }


def rows_of(cluster: Cluster, port: int, database: str, tables: list[str]) -> dict[str, int]:
    """Count the rows of each table; without any the database only has to answer."""
    columns = ["1", *(f'(SELECT count(*) FROM "{table}")' for table in tables)]  # noqa: S608  words in lower case
    _, *counts = cluster.psql(f"SELECT {', '.join(columns)}", port, database).split("|")
    return dict(zip(tables, map(int, counts), strict=True))


def added_since_reset(cluster: Cluster, rows: dict[str, int]) -> dict[str, int]:
    """Return the rows beyond those of the template, by table."""
    seeded = json.loads((cluster.home / SEEDED).read_text())
    return {table: count - seeded[table] for table, count in rows.items()}


def observe_upstream(state: Path, params: dict[str, Any]) -> dict[str, Any]:
    """What the upstream used within the window."""
    process = read_record(state, UPSTREAM)
    if process is None or not is_alive(process):
        return {"problem": "the upstream ended"}
    start_s, end_s = params["start_s"], params["end_s"]
    window = observe(samples_around(state, process, start_s, Sampling()), start_s, end_s)
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
    return {"tps": tps}


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
