"""The sweep from end to end: real Terraform on the stand-in, real Ansible and k6 on hosts of this machine."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator

import pytest

from tests.aws.first_start import Cloud
from tests.aws.renting import EXPERIMENT, RentingLab, states
from tests.testbed import commands
from tests.testbed.conftest import before  # noqa: F401  a fixture
from tests.testbed.harm import Host
from tests.testbed.traces import traces

pytestmark = [pytest.mark.hosts, pytest.mark.skipif(os.getuid() != 0, reason="making hosts needs root")]

SHORT = ("--only", "implementation=python-fastapi", "--only", "server=uvicorn", "--only", "workers=1", "--rounds", "2")
APPLY = ("apply", EXPERIMENT, *SHORT, "--measure", "2s", "--yes")


@pytest.fixture(scope="module")
def hosts(before: dict[str, set[str]]) -> Iterator[dict[str, Host]]:  # noqa: F811  the fixture that is imported
    made = commands.lab("up")
    assert made.returncode == 0, made.stderr
    yield commands.hosts()
    removed = commands.lab("down")
    assert removed.returncode == 0, removed.stderr
    assert traces() == before


@pytest.fixture
def cloud(renting: RentingLab, hosts: dict[str, Host]) -> Iterator[RentingLab]:
    """An account whose hosts come up."""
    renting.pool.write_text("".join(f"{host['address']}\n" for host in hosts.values()))
    found = traces()
    with Cloud(renting, hosts):
        yield renting
    assert traces() == found


def test_the_sweep_runs_on_rented_hosts_and_nothing_is_left(cloud: RentingLab) -> None:
    code, stdout, stderr = cloud.run(*APPLY)
    assert code in {0, 4}, stderr
    assert len(cloud.trials()) == 2
    summary = json.loads((cloud.run_folder() / "summary.json").read_text())
    assert summary["rented_usd"] > 0
    assert "python-fastapi" in stdout
    assert_nothing_is_left(cloud)


def test_a_lab_that_is_killed_while_it_measures_resumes_and_nothing_is_left(cloud: RentingLab) -> None:
    process = cloud.start(*APPLY)
    cloud.wait_for_window()
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert cloud.left()
    code, _, stderr = cloud.run("resume", str(cloud.run_folder()), "--yes")
    assert code in {0, 4}, stderr
    assert [trial["round"] for trial in cloud.trials()] == [1, 2]
    assert_nothing_is_left(cloud)


def assert_nothing_is_left(cloud: RentingLab) -> None:
    assert cloud.left() == {}
    assert states() == []
    code, stdout, stderr = cloud.run("sweep")
    assert code == 0, stderr
    assert "nothing" in stdout.lower()
