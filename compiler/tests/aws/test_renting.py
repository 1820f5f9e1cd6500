"""`lab apply` on rented hosts that never come to answer: what was made goes away, whoever was killed when."""

from __future__ import annotations

import json
import re
import signal

import pytest

from tests.aws.renting import EXPERIMENT, RentingLab, states, until

pytestmark = pytest.mark.tools

APPLY = ("apply", EXPERIMENT, "--only", "implementation=python-fastapi", "--rounds", "1", "--window", "1s", "--yes")
LISTED = re.compile(r"(?m)^  (aws_\w+ \S+)$")
"""A resource that is left, its type and id; Terraform's steps look otherwise."""
NO_LOAD_HOST: dict[str, object] = {"capacity": "c7a.xlarge"}


def test_nothing_that_costs_money_starts_unasked(renting: RentingLab) -> None:
    code, _, stderr = renting.run(*APPLY[:-1])
    assert code == 2, stderr
    assert stderr.startswith("This rents hosts for $")
    assert "agree to it with --yes" in stderr
    assert not renting.ledger.exists()


def test_an_apply_that_fails_half_way_is_cleaned_up_and_said(renting: RentingLab) -> None:
    renting.faults = NO_LOAD_HOST
    code, _, stderr = renting.run(*APPLY)
    assert code == 3, stderr
    assert "InsufficientInstanceCapacity" in stderr
    created = [event for event in renting.events() if event["action"] == "create" and not event.get("error")]
    assert {"aws_instance", "aws_vpc"} <= {event["type"] for event in created}
    assert renting.left() == {}
    assert states() == []


def test_what_cannot_be_removed_is_listed_exactly_and_removed_by_the_next_command(renting: RentingLab) -> None:
    renting.faults = NO_LOAD_HOST | {"fail_destroys": 10_000}
    code, _, stderr = renting.run(*APPLY)
    assert code == 7, stderr
    listed = re.findall(LISTED, stderr)
    assert sorted(listed) == sorted(renting.left())
    assert listed
    assert "terraform destroy" in stderr
    assert len(states()) == 1
    code, _, stderr = renting.run("destroy", str(renting.run_folder()))
    assert code == 7, stderr
    assert sorted(re.findall(LISTED, stderr)) == sorted(listed)
    renting.faults = {}
    renting.run("doctor")
    assert renting.left() == {}
    assert states() == []


def test_an_interrupt_reaches_terraform_once_and_everything_goes(renting: RentingLab) -> None:
    renting.faults = {"delay_ms": 1000}
    process = renting.start(*APPLY)
    renting.wait_for("create", 3)
    log = renting.run_folder() / "logs" / "terraform.log"
    process.send_signal(signal.SIGINT)
    until(lambda: "Interrupt received" in log.read_text())
    process.send_signal(signal.SIGINT)  # an impatient user's
    said = log.read_text()
    _, stderr = process.communicate(timeout=120)
    assert process.returncode == 130, stderr
    assert "Two interrupts received" not in said
    assert renting.left() == {}
    assert states() == []


@pytest.mark.parametrize(
    ("faults", "action", "number"),
    [({"delay_ms": 700}, "create", 4), (NO_LOAD_HOST | {"delay_ms": 300}, "destroy", 2)],
    ids=["apply", "destroy"],
)
@pytest.mark.parametrize("command", ["doctor", "destroy"])
def test_what_a_killed_lab_left_is_removed_by_the_next_command(
    renting: RentingLab, faults: dict[str, object], action: str, number: int, command: str
) -> None:
    renting.faults = faults
    process = renting.start(*APPLY)
    renting.wait_for(action, number)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert renting.left()
    arguments = [str(renting.run_folder())] if command == "destroy" else []
    code, stdout, stderr = renting.run(command, *arguments)
    assert code == 0, stderr
    assert "which was killed" in stderr or "Removed what" in stdout
    assert renting.left() == {}
    assert states() == []


def test_the_bundle_of_a_run_holds_nothing_that_only_the_account_knows(renting: RentingLab) -> None:
    renting.faults = NO_LOAD_HOST
    renting.run(*APPLY)
    bundle = renting.run_folder() / "bundle"
    variables = json.loads((bundle / "terraform.tfvars.json").read_text())
    assert variables.keys() == {"region", "lanes", "hardware", "hours"}
    assert (bundle / "files" / "infra" / "aws-ec2" / "main.tf").exists()
    secrets = [path for path in bundle.rglob("*") if path.name in {"id_ed25519", "host_key", "run.auto.tfvars.json"}]
    assert secrets == []
