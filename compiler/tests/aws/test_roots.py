"""Real Terraform on both roots: from nothing to hosts and back to nothing."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable

import pytest

from tests.aws.root import INFRA, Root

pytestmark = pytest.mark.tools


@pytest.mark.parametrize("lanes", [1, 3])
def test_a_run_gets_its_hosts_by_lane_and_role_and_leaves_nothing(ec2: Root, lanes: int) -> None:
    ec2.write("lanes.auto.tfvars.json", {"lanes": lanes})
    ec2.must("validate")
    applied = ec2.apply()
    assert applied.returncode == 0, applied.stderr
    assert ec2.left()["aws_instance"] == 4 * lanes

    hosts = json.loads(ec2.must("output", "-json", "hosts"))
    assert list(hosts) == [f"default-{lane}" for lane in range(1, lanes + 1)]
    assert [host["name"] for host in hosts["default-1"]["load"]] == ["default-1-load-1", "default-1-load-2"]
    every = [host for roles in hosts.values() for role in ("sut", "load", "db") for host in roles[role]]
    assert {tuple(sorted(host)) for host in every} == {("id", "name", "private_address", "public_address")}
    addresses = [host["public_address"] for host in every]
    assert sorted(addresses) == sorted(f"198.18.0.{number}" for number in range(2, 2 + 4 * lanes))

    assert ec2.run("plan", "-input=false", "-detailed-exitcode").returncode == 0, "the second plan is not empty"
    ec2.must("destroy", "-input=false", "-auto-approve")
    assert not ec2.left()


def test_a_task_is_placed_on_hosts_of_the_same_modules(fresh: Callable[[str], Root]) -> None:
    ecs = fresh("aws-ecs")
    ecs.init()
    ecs.must("validate")
    applied = ecs.apply()
    assert applied.returncode == 0, applied.stderr
    assert ecs.left()["aws_instance"] == 4
    repositories = json.loads(ecs.must("output", "-json", "repositories"))
    assert list(repositories) == ["go-fiber"]
    assert ecs.run("plan", "-input=false", "-detailed-exitcode").returncode == 0, "the second plan is not empty"
    ecs.must("destroy", "-input=false", "-auto-approve")
    assert not ecs.left()


def test_several_hardware_values_have_lanes_of_their_own(ec2: Root) -> None:
    hardware = {
        name: {role: {"type": size} for role in ("sut", "load", "db")}
        for name, size in (("small", "c7a.large"), ("big", "c7a.xlarge"))
    }
    ec2.write("hardware.auto.tfvars.json", {"hardware": hardware, "lanes": 2})
    applied = ec2.apply()
    assert applied.returncode == 0, applied.stderr
    assert list(json.loads(ec2.must("output", "-json", "hosts"))) == ["big-1", "big-2", "small-1", "small-2"]


def test_images_that_are_pinned_are_not_looked_up(ec2: Root) -> None:
    ec2.write("images.auto.tfvars.json", {"images": {"amd64": "ami-0pinned"}})
    plan = ec2.planned()
    assert plan["planned_values"]["outputs"]["images"]["value"] == {"amd64": "ami-0pinned"}
    assert "prior_state" not in plan or "aws_ssm_parameter" not in json.dumps(plan["prior_state"])


def test_capacity_can_be_reserved_and_spot_be_rented(ec2: Root) -> None:
    ec2.write("capacity.auto.tfvars.json", {"reserve_capacity": True, "spot": True})
    changes = ec2.planned()["resource_changes"]
    reserved = {
        change["change"]["after"]["end_date"] for change in changes if change["type"] == "aws_ec2_capacity_reservation"
    }
    assert reserved == {"2026-11-23T12:00:00Z"}
    markets = [
        change["change"]["after"]["instance_market_options"][0]["market_type"]
        for change in changes
        if change["type"] == "aws_instance"
    ]
    assert markets == ["spot"] * 4


def test_the_state_can_be_kept_in_a_bucket(fresh: Callable[[str], Root]) -> None:
    root = fresh("aws-ec2")
    shutil.copy(INFRA / "aws-ec2" / "s3.backend.tf.example", root.folder / "backend.tf")
    root.must("init", "-input=false", "-backend=false")
    root.must("validate")
