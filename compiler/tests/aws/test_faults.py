"""What the stand-in does when it is told to fail: the cloud's ledger and Terraform's state then say what is left."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress

import pytest

from tests.aws.root import Root

pytestmark = pytest.mark.tools


@pytest.mark.parametrize(
    ("faults", "message"),
    [
        ({"capacity": "c7a.4xlarge"}, "InsufficientInstanceCapacity"),
        ({"throttle": 3}, "RequestLimitExceeded"),
        ({"fail_create": 12}, "InternalError"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_an_apply_that_fails_half_way_can_be_destroyed(ec2: Root, faults: dict[str, object], message: str) -> None:
    ec2.faults = faults
    failed = ec2.apply()
    assert failed.returncode == 1
    assert message in failed.stderr
    assert ec2.left()
    ec2.must("destroy", "-input=false", "-auto-approve")
    assert not ec2.left()


def test_a_destroy_that_errs_succeeds_when_it_is_repeated(ec2: Root) -> None:
    ec2.faults = {"fail_destroys": 2}
    assert ec2.apply().returncode == 0
    failed = ec2.destroy()
    assert failed.returncode == 1
    assert "DependencyViolation" in failed.stderr
    assert ec2.left()
    assert ec2.destroy().returncode == 0
    assert not ec2.left()


def test_instances_beyond_the_pool_find_no_capacity(ec2: Root) -> None:
    (ec2.folder.parent / "pool.txt").write_text("198.18.0.2\n198.18.0.3 198.18.1.3\n")
    failed = ec2.apply()
    assert failed.returncode == 1
    assert "every host of the pool has an instance" in failed.stderr
    created = [event for event in ec2.events() if event["type"] == "aws_instance" and not event.get("error")]
    assert [(event["address"], event["private_address"]) for event in created] == [
        ("198.18.0.2", "198.18.0.2"),
        ("198.18.0.3", "198.18.1.3"),
    ]


def test_what_is_killed_while_it_creates_leaves_more_than_its_state_knows(ec2: Root) -> None:
    _interrupted_apply(ec2, signal.SIGKILL)
    assert not _known(ec2)
    assert ec2.left()


def test_what_is_interrupted_once_knows_all_that_it_made(ec2: Root) -> None:
    _interrupted_apply(ec2, signal.SIGINT)
    assert _known(ec2) == sum(ec2.left().values()) > 0
    ec2.faults = {}
    assert ec2.destroy().returncode == 0
    assert not ec2.left()


def test_what_ended_behind_terraforms_back_is_made_again(ec2: Root) -> None:
    assert ec2.apply().returncode == 0
    ended = next(event["id"] for event in ec2.events() if event["type"] == "aws_instance")
    with ec2.ledger.open("a") as ledger:
        ledger.write(json.dumps({"action": "destroy", "type": "aws_instance", "id": ended}) + "\n")
    changed = {
        change["type"] for change in ec2.planned()["resource_changes"] if change["change"]["actions"] == ["create"]
    }
    assert "aws_instance" in changed


def test_a_fault_that_is_not_known_is_refused(ec2: Root) -> None:
    ec2.faults = {"capacitee": "c7a.4xlarge"}
    refused = ec2.run("plan", "-input=false")
    assert refused.returncode == 1


def _interrupted_apply(root: Root, by: signal.Signals) -> None:
    """Signal Terraform, and it alone, while the first creations wait for their answers."""
    root.faults = {"delay_ms": 60_000}
    applying = subprocess.Popen(
        ["terraform", "apply", "-input=false", "-auto-approve"],
        cwd=root.folder,
        env=root.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        _until(lambda: bool(root.left()))
        applying.send_signal(by)
        applying.wait(timeout=30)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(applying.pid, signal.SIGKILL)
        applying.wait()


def _known(root: Root) -> int:
    state = root.folder / "terraform.tfstate"
    if not state.exists() or not state.read_text():
        return 0
    resources = json.loads(state.read_text())["resources"]
    return sum(len(resource["instances"]) for resource in resources if resource["mode"] == "managed")


def _until(condition: Callable[[], bool], limit_s: float = 20) -> None:
    end = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.05)
