"""The module `database` with a real PostgreSQL: what it counts over a window."""

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from ansible.module_utils import lab_database, lab_database_counters
from ansible.module_utils.lab_postgresql import Cluster
from ansible.module_utils.lab_processes import read_records, stop
from ansible.module_utils.lab_sampler import Sample, read_samples, samples_path

from benchmark_lab.machine.programs import find_postgres
from benchmark_lab.records import DatabaseObservation

pytestmark = pytest.mark.tools

SPEC = Path(__file__).parents[3] / "spec" / "database"
SETTLED_S = 1.1
"""After this the counters of an idle connection's next transaction come in."""


@dataclass
class Lab:
    """A PostgreSQL as a run has it."""

    params: dict[str, Any]
    port: int = 0

    def start(self) -> None:
        self.port = lab_database.start_database(Cluster(self.params), self.params)["port"]

    def connect(self) -> psycopg.Connection:
        return psycopg.connect(f"postgresql://lab:secret@127.0.0.1:{self.port}/lab", autocommit=True)

    def reset(self) -> None:
        lab_database.reset_database(Cluster(self.params), self.params)

    def observe(self, start_s: float, end_s: float, *tables: str) -> dict[str, Any]:
        params = {**self.params, "start_s": start_s, "end_s": end_s, "tables": tables}
        found: dict[str, Any] = lab_database.observe_database(Cluster(params), params)
        return found


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    # Below a folder that PostgreSQL's own user can walk to, and with a short path for its socket.
    state = Path(tempfile.mkdtemp(prefix="benchmark-lab-test-", dir="/var/tmp"))
    state.chmod(0o711)
    notes = state / "notes.sql"
    notes.write_text("CREATE TABLE notes (text text NOT NULL);\nINSERT INTO notes VALUES ('seeded');\n")
    found = find_postgres(os.environ, state)
    started = Lab(
        {
            "folder": str(state),
            "bin": str(found.bin),
            "user": found.user,
            "password": "secret",
            "host": "127.0.0.1",
            "allowed": ["127.0.0.1/32"],
            "cpus": [],
            "metadata": "",
            "sampler_cpus": [],
            "settings": {"fsync": "off", "shared_preload_libraries": "pg_stat_statements"},
            "schema_files": [str(SPEC / "schema.sql"), str(SPEC / "seed.sql"), str(notes)],
        },
    )
    try:
        started.start()
        yield started
    finally:
        for process in read_records(state):
            stop(state, process)
        shutil.rmtree(state)


def test_the_transactions_of_a_window_are_counted(lab: Lab) -> None:
    with lab.connect() as connection:
        time.sleep(SETTLED_S)
        began = time.monotonic()
        for _ in range(500):
            connection.execute("SELECT count(*) FROM users WHERE age < 30")
        time.sleep(SETTLED_S)
        connection.execute("SELECT pg_sleep(0.1)")  # brings in what was counted before
        time.sleep(1)
        found = lab.observe(began, time.monotonic())
    observed = DatabaseObservation.model_validate(found)
    assert observed.problem is None
    assert 500 <= observed.transactions <= 510
    assert 0.1 < observed.active_s < 30
    assert 0.05 < observed.cpu_s < 30
    assert observed.connections == 1
    assert observed.checkpoints == 0
    assert found["host"]["context_switches"] > 0


def answers(*at_s: float) -> list[Sample]:
    """Samples with PostgreSQL's answers at these times: a transaction a second, on one connection."""
    return [Sample(at, 0.0, answer=[at, 0.0, 0.0, 0.0, 1.0, 0.0]) for at in at_s]


@pytest.mark.parametrize(("end_s", "transactions"), [(10.4, 0), (12.0, None)], ids=["cut short", "the sampler died"])
def test_a_window_between_two_answers_is_counted_only_where_it_is_short(end_s: float, transactions: int | None) -> None:
    found = lab_database_counters.counted_within(answers(9.0, 9.9, 12.5), 10.0, end_s)
    assert (found and found["transactions"]) == transactions
    assert found is None or found["connections"] == 1


def test_connections_that_wait_for_a_lock_are_seen(lab: Lab) -> None:
    with lab.connect() as holder, lab.connect() as waiter:
        holder.autocommit = False
        holder.execute("UPDATE users SET age = age WHERE id = 1")
        waiter.execute("SET lock_timeout = '3s'")
        began = time.monotonic()
        with pytest.raises(psycopg.errors.LockNotAvailable):
            waiter.execute("UPDATE users SET age = age WHERE id = 1")
        ended = time.monotonic()
        holder.rollback()
    found = lab.observe(began + 0.2, ended - 0.2)
    assert found["lock_waiters"] == 1
    assert found["connections"] == 2


def test_the_counting_survives_the_reset_of_the_database(lab: Lab) -> None:
    with lab.connect() as connection:
        connection.execute("INSERT INTO users (email, name, age, active) VALUES ('a@b', 'a', 1, true)")
        connection.execute("INSERT INTO user_events (user_id, kind) VALUES (1, 'created'), (1, 'replaced')")
        now = time.monotonic()
        found = lab.observe(now - 1.5, now, "users", "user_events")
    assert found["rows_added"] == {"users": 1, "user_events": 2}
    lab.reset()
    began = time.monotonic()
    with lab.connect() as connection:
        time.sleep(SETTLED_S)
        connection.execute("SELECT 1")
        time.sleep(1)
    found = lab.observe(began, time.monotonic(), "user_events")
    assert found["rows_added"] == {"user_events": 0}
    assert found["connections"] == 1


def test_the_rows_of_a_table_that_only_an_operation_names_are_counted(lab: Lab) -> None:
    with lab.connect() as connection:
        connection.execute("INSERT INTO notes VALUES ('a'), ('b')")
        now = time.monotonic()
        found = lab.observe(now - 1.5, now, "notes", "users")
    assert found["rows_added"]["notes"] == 2


def test_a_checkpoint_within_the_window_is_counted(lab: Lab) -> None:
    began = time.monotonic()
    time.sleep(SETTLED_S)  # what grows between two answers at the window's edge is shared out, and may round to nothing
    cluster = Cluster(lab.params)
    cluster.psql("CREATE TABLE t AS SELECT 1; CHECKPOINT; DROP TABLE t;", lab.port)
    time.sleep(2 * SETTLED_S)
    assert lab.observe(began, time.monotonic())["checkpoints"] == 1


def test_a_backend_that_ended_within_the_window_keeps_its_cpu_time(lab: Lab) -> None:
    began = time.monotonic()
    for _ in range(10):
        with lab.connect() as connection:
            connection.execute("SELECT count(*) FROM generate_series(1, 300000)")
    time.sleep(0.2)
    assert lab.observe(began, time.monotonic())["cpu_s"] > 0.2


def test_the_questions_go_on_over_a_new_connection_when_theirs_is_ended(lab: Lab) -> None:
    cluster = Cluster(lab.params)
    cluster.psql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_stat_database%'"
                 " AND pid <> pg_backend_pid()", lab.port)  # fmt: skip
    began = time.monotonic()
    time.sleep(3)
    answers = [s for s in read_samples(samples_path(Path(lab.params["folder"]), "postgresql"), began) if s.answer]
    assert len([sample for sample in answers if sample.at_s > began]) >= 3


def test_a_postgresql_that_ended_is_a_problem_and_takes_its_sampler_along(lab: Lab) -> None:
    state = Path(lab.params["folder"])
    for process in read_records(state):
        stop(state, process)
    assert lab.observe(0.0, 0.0)["problem"] == "PostgreSQL ended"
    deadline = time.monotonic() + 5
    while any(str(state) in command for command in _commands()):
        assert time.monotonic() < deadline, "a psql is still there"
        time.sleep(0.05)


def _commands() -> Iterator[str]:
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            yield path.read_text().replace("\0", " ")
        except OSError:
            continue
