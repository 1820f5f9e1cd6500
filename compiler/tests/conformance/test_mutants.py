import pytest

from benchmark_lab.conformance import CHECKS, run_conformance

from .conftest import Start
from .mutants import MUTANTS
from .reference import OPENAPI, Reference

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
