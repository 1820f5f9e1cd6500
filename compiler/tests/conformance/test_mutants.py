import pytest

from benchmark_lab.conformance import CHECKS, run_conformance

from . import (  # noqa: F401 -- being loaded, they are gathered
    mutants_answers,
    mutants_chain,
    mutants_generated,
    mutants_statements,
    mutants_users,
)
from .conftest import Start
from .mutant import MUTANTS
from .reference import Reference
from .refusal import OPENAPI

pytestmark = pytest.mark.tools


@pytest.mark.parametrize(("identifier", "mutant"), MUTANTS, ids=[mutant.__name__ for _, mutant in MUTANTS])
def test_a_wrong_server_fails_the_check_of_the_line_that_it_breaks(
    start: Start, identifier: str, mutant: type[Reference]
) -> None:
    (check,) = (check for check in CHECKS if check.id == identifier)
    report = run_conformance(start(mutant), check.depth, openapi=OPENAPI, seed=5, checks=[check])
    (result,) = report.results
    assert result.status == "failed", "\n".join(report.lines())
    assert result.expected
    assert result.got


def test_every_check_finds_at_least_one_wrong_server() -> None:
    assert {identifier for identifier, _ in MUTANTS} == {check.id for check in CHECKS}
