import psycopg
import pytest

from benchmark_lab.conformance import CHECKS, Report, Sut, run_conformance
from benchmark_lab.conformance.report import NotVisibleError
from benchmark_lab.conformance.statements import StatementCount, kind_of, shown, since

from .conftest import Start
from .mutants_statements import LocksBeforeItUpdates
from .reference import Reference, Settings
from .refusal import OPENAPI

STATEMENTS = [check for check in CHECKS if check.id.startswith("statements-")]


@pytest.mark.parametrize(
    ("statement", "kind"),
    [
        ("SELECT id, email FROM users ORDER BY id LIMIT $1 OFFSET $2", "SELECT users"),
        ('select "users"."id" from "users" where "users"."id" = $1', "SELECT users"),
        ('SELECT "users"."id" FROM "users" WHERE "users"."id" = $1 LIMIT 1 FOR UPDATE', "SELECT users FOR UPDATE"),
        ("SELECT * FROM public.users WHERE id = $1 FOR NO KEY UPDATE", "SELECT users FOR UPDATE"),
        ("INSERT INTO users (email) VALUES ($1) RETURNING id", "INSERT users"),
        ("/* name: created */ INSERT INTO user_events (user_id, kind) VALUES ($1, $2)", "INSERT user_events"),
        ("-- replace\nUPDATE users SET email = $2 WHERE id = $1", "UPDATE users"),
        ("WITH u AS (UPDATE users SET age = $1) INSERT INTO user_events VALUES ($2)", "WITH user_events users"),
        ("BEGIN", None),
        ("SELECT $1 -- users", None),
        ("SELECT usename FROM pg_user", None),
    ],
)
def test_a_statement_is_told_by_its_verb_and_its_tables(statement: str, kind: str | None) -> None:
    assert kind_of(statement) == kind


def test_only_what_was_added_between_two_looks_counts() -> None:
    before = {"SELECT users": StatementCount(3, 30), "INSERT users": StatementCount(1, 1)}
    after = {
        "SELECT users": StatementCount(5, 50),
        "INSERT users": StatementCount(1, 1),
        "UPDATE users": StatementCount(1, 0),
    }
    caused = since(before, after)
    assert caused == {"SELECT users": StatementCount(2, 20), "UPDATE users": StatementCount(1, 0)}
    assert shown(caused) == "2 SELECT users (20 rows), 1 UPDATE users (0 rows)"


def test_statements_of_another_role_cannot_be_judged() -> None:
    with pytest.raises(NotVisibleError, match="not the one of --db-url"):
        since({}, {"<insufficient privilege>": StatementCount(1, 1)})


def prove(target: Sut) -> Report:
    return run_conformance(target, "gate", openapi=OPENAPI, seed=4, checks=STATEMENTS)


@pytest.mark.tools
def test_a_replacement_may_lock_its_row_first(start: Start) -> None:
    report = prove(start(LocksBeforeItUpdates))
    assert report.count("passed") == len(STATEMENTS), "\n".join(report.lines())


@pytest.mark.tools
def test_a_database_that_counts_no_statements_leaves_the_checks_skipped(start: Start, settings: Settings) -> None:
    target = start(Reference)
    with psycopg.connect(settings.database_url, autocommit=True) as connection:
        connection.execute("DROP EXTENSION pg_stat_statements")
        try:
            report = prove(target)
        finally:
            connection.execute("CREATE EXTENSION pg_stat_statements")
    reasons = {result.reason for result in report.results if result.status == "skipped"}
    assert report.count("skipped") == len(STATEMENTS)
    assert all(reason and "does not count statements with pg_stat_statements" in reason for reason in reasons)
