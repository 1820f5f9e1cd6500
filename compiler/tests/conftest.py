"""What the tests share: the option that rewrites golden files, and what those of hosts need."""

from __future__ import annotations

import os

import pytest

from benchmark_lab.targets.testbed import needs


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write golden files anew, then read their diff")


@pytest.fixture
def update_golden(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--update-golden"))


def pytest_collection_finish(session: pytest.Session) -> None:
    """Refuse the tests of hosts in one sentence where the machine cannot carry hosts."""
    if any(item.get_closest_marker("hosts") for item in session.items) and (lacks := needs.missing(os.environ)):
        command = needs.installation(os.environ)
        mend = f"; as root, `{command}` installs the packages" if command else ""
        raise pytest.UsageError(f"the tests of hosts lack {', '.join(lacks)}{mend}")
