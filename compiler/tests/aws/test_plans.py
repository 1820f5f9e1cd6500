"""What every plan must say: nobody gets in, everything is tagged, everything ends."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tests.aws.root import RUN, Plan, Root
from tests.aws.rules import TAGS, of_type, open_ingress, untagged

pytestmark = pytest.mark.tools

CALLER = str(RUN["caller_cidr"])


@pytest.fixture(params=["aws-ec2", "aws-ecs"])
def plan(plans: dict[str, Plan], request: pytest.FixtureRequest) -> Plan:
    return plans[request.param]


def test_nothing_is_open_but_ssh_from_the_caller(plan: Plan) -> None:
    assert open_ingress(plan, CALLER) == []
    ssh = [rule.after for rule in of_type(plan, "aws_vpc_security_group_ingress_rule") if rule.after["cidr_ipv4"]]
    assert {(rule["cidr_ipv4"], rule["from_port"], rule["to_port"], rule["ip_protocol"]) for rule in ssh} == {
        (CALLER, 22, 22, "tcp")
    }


@pytest.mark.parametrize("way", ["ingress", "egress"])
def test_hosts_reach_those_that_they_call_and_no_others(plan: Plan, way: str) -> None:
    """The load calls the server and the upstream, which is on the db host; the server calls database and upstream."""
    rules = of_type(plan, f"aws_vpc_security_group_{way}_rule")
    flows = {
        (rule.after["description"], rule.after["ip_protocol"], rule.after["from_port"], rule.after["to_port"])
        for rule in rules
        if rule.after["cidr_ipv4"] is None
    }
    assert flows == {(name, "tcp", 1024, 65535) for name in ("load-to-sut", "load-to-db", "sut-to-db")}


def test_everything_that_can_carries_the_runs_tags(plan: Plan) -> None:
    assert untagged(plan) == []
    instances = of_type(plan, "aws_instance")
    assert all(instance.after["volume_tags"].keys() >= TAGS for instance in instances)
    interfaces = {(tag.after["key"], tag.after["value"]) for tag in of_type(plan, "aws_ec2_tag")}
    assert interfaces == {("lab:run", RUN["run"]), ("lab:owner", RUN["owner"]), ("lab:expires-at", RUN["expires_at"])}
    assert len(of_type(plan, "aws_ec2_tag")) == len(TAGS) * len(instances)


def test_hosts_are_hardened(plan: Plan) -> None:
    for instance in of_type(plan, "aws_instance"):
        assert instance.after["metadata_options"][0]["http_tokens"] == "required", instance.address
        (disk,) = instance.after["root_block_device"]
        assert (disk["encrypted"], disk["volume_type"], disk["delete_on_termination"]) == (True, "gp3", True), (
            instance.address
        )


def test_hosts_end_themselves_for_good(plan: Plan) -> None:
    for instance in of_type(plan, "aws_instance"):
        assert instance.after["instance_initiated_shutdown_behavior"] == "terminate", instance.address
        heading, _, document = instance.after["user_data"].partition("\n")
        assert heading == "#cloud-config"
        timer = json.loads(document)["bootcmd"][0]
        assert timer[0] == "systemd-run"
        assert {"--on-calendar=2026-11-23 12:00:00 UTC", "--on-active=120m"} <= set(timer)
        assert timer[-2:] == ["systemctl", "poweroff"]


def test_hosts_of_a_run_follow_amazons_clock(plans: dict[str, Plan]) -> None:
    for instance in of_type(plans["aws-ec2"], "aws_instance"):
        given = json.loads(instance.after["user_data"].partition("\n")[2])
        assert given["ntp"] == {"enabled": True, "ntp_client": "chrony", "servers": ["169.254.169.123"]}


def test_whether_aws_may_take_hosts_away_is_told(ec2: Root) -> None:
    assert ec2.planned()["planned_values"]["outputs"]["spot"]["value"] is False
    ec2.write("spot.auto.tfvars.json", {"spot": True})
    assert ec2.planned()["planned_values"]["outputs"]["spot"]["value"] is True


def test_hosts_show_the_key_that_they_were_given(ec2: Root) -> None:
    ec2.write("host-key.auto.tfvars.json", {"host_key": {"private": "the private half", "public": "ssh-ed25519 AAAA"}})
    for instance in of_type(ec2.planned(), "aws_instance"):
        _, _, document = instance.after["user_data"].partition("\n")
        given = json.loads(document)
        assert given["ssh_keys"] == {"ed25519_private": "the private half", "ed25519_public": "ssh-ed25519 AAAA"}
        assert given["bootcmd"][0][0] == "systemd-run"


def test_each_host_is_ended_by_a_schedule_of_its_own(plan: Plan) -> None:
    schedules = of_type(plan, "aws_scheduler_schedule")
    assert len(schedules) == len(of_type(plan, "aws_instance")) == 12
    for schedule in schedules:
        assert schedule.after["schedule_expression"] == "at(2026-11-23T12:00:00)"
        assert schedule.after["schedule_expression_timezone"] in {None, "UTC"}
        assert schedule.after["action_after_completion"] == "DELETE"
        assert schedule.after["target"][0]["arn"] == "arn:aws:scheduler:::aws-sdk:ec2:terminateInstances"
    (role,) = (policy for policy in of_type(plan, "aws_iam_role_policy") if policy.address.startswith("module.safety"))
    (statement,) = json.loads(role.after["policy"])["Statement"]
    assert statement["Action"] == "ec2:TerminateInstances"
    assert statement["Condition"] == {"StringEquals": {"aws:ResourceTag/lab:run": RUN["run"]}}


def test_a_lane_stands_together(plan: Plan) -> None:
    groups = [group.after for group in of_type(plan, "aws_placement_group")]
    assert [group["strategy"] for group in groups] == ["cluster"] * 3
    assert len(of_type(plan, "aws_subnet")) == 1


OPEN = {
    "IPv4": """
resource "aws_vpc_security_group_ingress_rule" "open" {
  security_group_id = aws_security_group.role["sut"].id
  ip_protocol       = "tcp"
  from_port         = 8000
  to_port           = 8000
  cidr_ipv4         = "0.0.0.0/0"
}
""",
    "IPv6": """
resource "aws_vpc_security_group_ingress_rule" "open" {
  security_group_id = aws_security_group.role["sut"].id
  ip_protocol       = "-1"
  cidr_ipv6         = "::/0"
}
""",
    "a wide network": """
resource "aws_vpc_security_group_ingress_rule" "open" {
  security_group_id = aws_security_group.role["sut"].id
  ip_protocol       = "-1"
  cidr_ipv4         = "203.0.113.0/24"
}
""",
    "an inline block": """
resource "aws_security_group" "open" {
  vpc_id = aws_vpc.this.id

  ingress {
    from_port   = 22
    to_port     = 22
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0"]
  }
}
""",
}


@pytest.mark.parametrize("addition", OPEN.values(), ids=OPEN.keys())
def test_an_open_ingress_in_a_module_is_found_in_the_plan(fresh: Callable[[str], Root], addition: str) -> None:
    root = fresh("aws-ec2")
    with (root.folder.parent / "modules" / "network" / "security.tf").open("a") as module:
        module.write(addition)
    root.init()
    (found,) = open_ingress(root.planned(), CALLER)
    assert found.endswith(".open")
