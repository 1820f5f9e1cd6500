import psycopg
import pytest

from benchmark_lab.conformance import CHECKS, run_conformance

from .conftest import Start
from .reference import Reference, Settings
from .refusal import OPENAPI

pytestmark = pytest.mark.tools


def test_a_correct_server_passes_the_gate(start: Start) -> None:
    report = run_conformance(start(Reference), "gate", openapi=OPENAPI, seed=1)
    assert report.ok, "\n".join(report.lines())


def test_the_checks_leave_the_tables_as_they_found_them(start: Start, settings: Settings) -> None:
    target = start(Reference)
    contents = (
        "SELECT (SELECT sum(hashtext(users::text)) FROM users), (SELECT sum(hashtext(e::text)) FROM user_events e), "
        "(SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal)"
    )
    with psycopg.connect(settings.database_url, autocommit=True) as connection:
        before = connection.execute(contents).fetchall()
        writing = [check for check in CHECKS if check.counts == "database" or check.id == "statements-write"]
        report = run_conformance(target, "full", openapi=OPENAPI, seed=3, checks=writing)
        assert report.count("passed") == len(report.results), "\n".join(report.lines())
        assert connection.execute(contents).fetchall() == before


def test_a_correct_server_passes_every_check_in_full(start: Start) -> None:
    report = run_conformance(start(Reference), "full", openapi=OPENAPI, seed=2)
    assert [r for r in report.results if r.status != "passed"] == [], "\n".join(report.lines())
