"""The policy that a user needs: enough for the modules, and no more."""

from __future__ import annotations

import json
import re

import pytest

from tests.aws.rights import FREE, NEEDED, OF_LAB, Call, Policy, calls, listed
from tests.aws.root import INFRA

ROOT = INFRA / "aws-ec2"
POLICY = Policy.read(ROOT / "policy.json")
LARGEST_MANAGED_POLICY = 6144

EC2 = "arn:aws:ec2:us-east-1:123456789012"
ROLE = "arn:aws:iam::123456789012:role/lab-a1b2-scheduler"
MINE = {"aws:ResourceTag/lab:run": "a1b2"}
ASKED = {"aws:RequestTag/lab:run": "a1b2"}


def _types_in_use() -> set[str]:
    modules = {
        ROOT.parent / "modules" / name for name in re.findall(r'"\.\./modules/(\w+)"', (ROOT / "main.tf").read_text())
    }
    text = "".join(file.read_text() for folder in (ROOT, *modules) for file in folder.glob("*.tf"))
    resources = set(re.findall(r'^resource "(\w+)"', text, re.MULTILINE))
    return resources | {f"data.{name}" for name in re.findall(r'^data "(\w+)"', text, re.MULTILINE)}


def test_each_call_of_each_resource_is_in_the_policy() -> None:
    used = _types_in_use() - FREE
    assert used == NEEDED.keys()
    for name in used:
        assert calls(NEEDED[name]) <= POLICY.actions(), name


def test_nothing_is_in_the_policy_that_nothing_calls() -> None:
    needed = set().union(*map(calls, [*NEEDED.values(), *OF_LAB]))
    assert POLICY.actions() == needed


def test_no_action_is_a_wildcard() -> None:
    assert [action for action in POLICY.actions() if "*" in action] == []


def test_every_resource_is_a_wildcard_only_for_reading() -> None:
    for statement in POLICY.statements:
        if "*" in listed(statement["Resource"]):  # these calls know no single resources
            assert all(re.match(r"\w+:(Describe|Get|List)", action) for action in listed(statement["Action"]))


def test_every_kind_of_ec2_resource_is_a_wildcard_only_under_a_condition_on_its_tags() -> None:
    for statement in POLICY.statements:
        if "arn:aws:ec2:*:*:*/*" in listed(statement["Resource"]):
            keys = {key for condition in statement["Condition"].values() for key in condition}
            assert keys <= {"aws:ResourceTag/lab:run", "ec2:CreateAction"}
            assert keys


def test_the_policy_fits_into_a_managed_one() -> None:
    document = json.loads((ROOT / "policy.json").read_text())
    assert len(json.dumps(document, separators=(",", ":"))) <= LARGEST_MANAGED_POLICY


@pytest.mark.parametrize(
    "call",
    [
        Call("ec2:TerminateInstances", f"{EC2}:instance/i-1", MINE),
        Call("ec2:RunInstances", f"{EC2}:instance/*", ASKED | {"ec2:MetadataHttpTokens": "required"}),
        Call("ec2:RunInstances", f"{EC2}:volume/*", ASKED | {"ec2:Encrypted": "true"}),
        Call("ec2:RunInstances", f"{EC2}:subnet/subnet-1", MINE),
        Call("ec2:RunInstances", "arn:aws:ec2:us-east-1::image/ami-1"),
        Call("ec2:CreateTags", f"{EC2}:instance/i-1", ASKED | {"ec2:CreateAction": "RunInstances"}),
        Call("ec2:CreateTags", f"{EC2}:network-interface/eni-1", {"aws:TagKeys": ["lab:owner"]}),
        Call("iam:CreateRole", ROLE, {"iam:PermissionsBoundary": "arn:aws:iam::123456789012:policy/lab-boundary"}),
        Call("iam:PassRole", ROLE, {"iam:PassedToService": "scheduler.amazonaws.com"}),
    ],
    ids=lambda call: f"{call.action} {call.resource.rpartition(':')[2]}",
)
def test_a_run_may_do_what_it_needs(call: Call) -> None:
    assert POLICY.allows(call)


@pytest.mark.parametrize(
    "call",
    [
        Call("ec2:TerminateInstances", f"{EC2}:instance/i-1"),
        Call("ec2:DeleteVolume", f"{EC2}:volume/vol-1"),
        Call("ec2:DeleteVpc", f"{EC2}:vpc/vpc-1"),
        Call("ec2:AuthorizeSecurityGroupIngress", f"{EC2}:security-group/sg-1"),
        Call("ec2:CreateVpc", f"{EC2}:vpc/*"),
        Call("ec2:RunInstances", f"{EC2}:instance/*", {"ec2:MetadataHttpTokens": "required"}),
        Call("ec2:RunInstances", f"{EC2}:instance/*", ASKED | {"ec2:MetadataHttpTokens": "optional"}),
        Call("ec2:RunInstances", f"{EC2}:volume/*", ASKED | {"ec2:Encrypted": "false"}),
        Call("ec2:RunInstances", f"{EC2}:subnet/subnet-1"),
        Call("ec2:CreateTags", f"{EC2}:instance/i-1", ASKED),
        Call("ec2:CreateTags", f"{EC2}:network-interface/eni-1", {"aws:TagKeys": ["team"]}),
        Call("iam:CreateRole", ROLE),
        Call("iam:PutRolePolicy", ROLE),
        Call("iam:CreateRole", "arn:aws:iam::123456789012:role/admin", {"iam:PermissionsBoundary": "lab-boundary"}),
        Call("iam:PassRole", ROLE, {"iam:PassedToService": "ec2.amazonaws.com"}),
        Call("scheduler:DeleteScheduleGroup", "arn:aws:scheduler:us-east-1:123456789012:schedule-group/payroll"),
        Call("ssm:GetParameter", "arn:aws:ssm:us-east-1:123456789012:parameter/database/password"),
    ],
    ids=lambda call: f"{call.action} {call.resource.rpartition(':')[2]}",
)
def test_a_run_may_not_touch_what_is_not_its_own_or_unsafe(call: Call) -> None:
    assert not POLICY.allows(call)


def test_the_bound_of_the_scheduler_lets_it_end_the_runs_instances_alone() -> None:
    boundary = Policy.read(ROOT / "boundary.json")
    assert boundary.actions() == {"ec2:TerminateInstances"}
    assert boundary.allows(Call("ec2:TerminateInstances", f"{EC2}:instance/i-1", MINE))
    assert not boundary.allows(Call("ec2:TerminateInstances", f"{EC2}:instance/i-1"))
