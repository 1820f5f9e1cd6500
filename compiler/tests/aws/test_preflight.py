"""What is asked of an account before anything is made, and what is said where it cannot carry a run out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.stub import Stubber

from benchmark_lab.bundle import TerraformVariables
from benchmark_lab.machine.tools import ToolFailedError
from benchmark_lab.targets.aws_ec2.account import Account
from benchmark_lab.targets.aws_ec2.caller import caller_address
from benchmark_lab.targets.aws_ec2.images import PARAMETER, find_images, pin, read_lock
from benchmark_lab.targets.aws_ec2.preflight import STANDARD_VCPUS, look_ahead
from tests.aws.account import POLICY, REGION, make_all, played, tags

if TYPE_CHECKING:
    from types_boto3_service_quotas import ServiceQuotasClient

pytestmark = pytest.mark.tools


@pytest.fixture
def account() -> Iterator[Account]:
    with played() as account:
        yield account


def wanted(sut: str = "c7a.large", architecture: str = "amd64", lanes: int = 1) -> TerraformVariables:
    def host(name: str, count: int = 1) -> dict[str, object]:
        return {"type": name, "architecture": architecture, "count": count}

    roles = {"sut": host(sut), "load": host("c7a.xlarge", 2), "db": host("c7a.large")}
    return TerraformVariables.model_validate(
        {"region": REGION, "lanes": lanes, "hours": 1, "hardware": {"default": roles}}
    )


def image(account: Account) -> str:
    return account.ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]


def quota(value: float) -> ServiceQuotasClient:
    """A service that knows this quota: moto's knows none of EC2's."""
    client = boto3.client("service-quotas", region_name=REGION)
    stubber = Stubber(client)
    asked = {"ServiceCode": "ec2", "QuotaCode": STANDARD_VCPUS}
    stubber.add_response("get_service_quota", {"Quota": {"Value": value}}, asked)
    stubber.activate()
    return client


def test_a_zone_is_found_that_offers_every_type(account: Account) -> None:
    said: list[str] = []
    ready = look_ahead(account, wanted(), {"amd64": image(account)}, said.append)
    offered = account.ec2.describe_instance_type_offerings(
        LocationType="availability-zone-id", Filters=[{"Name": "location", "Values": [ready.zone.id]}]
    )
    assert {"c7a.large", "c7a.xlarge"} <= {each["InstanceType"] for each in offered["InstanceTypeOfferings"]}
    assert ready.zone.name.startswith(REGION)
    assert ready.role_boundary is None
    assert said == [
        "The quota of vCPUs is not known (NoSuchResourceException): a run beyond it fails while it rents hosts."
    ]


def test_the_policy_that_bounds_roles_is_used_where_there_is_one(account: Account) -> None:
    made = account.iam.create_policy(PolicyName="lab-boundary", PolicyDocument=POLICY)["Policy"]["Arn"]
    assert look_ahead(account, wanted(), {"amd64": image(account)}, lambda _: None).role_boundary == made


def test_hosts_beyond_the_quota_are_refused_before_anything_is_made(account: Account) -> None:
    """Two lanes of 2, twice 4, and 2 vCPUs, beside 2 that run."""
    make_all(account, tags("other", "user/moto", "2026-11-23T13:00:00Z"))
    pinned = {"amd64": image(account)}
    look_ahead(replace(account, quotas=quota(26)), wanted(lanes=2), pinned, lambda _: None)
    with pytest.raises(ToolFailedError) as raised:
        look_ahead(replace(account, quotas=quota(25)), wanted(lanes=2), pinned, lambda _: None)
    assert raised.value.output == "the hosts have 24 vCPUs, 2 run already, and the quota L-1216C47A is 25"
    assert "nothing was made" in raised.value.what


def test_everything_that_stands_in_the_way_is_said_at_once(account: Account) -> None:
    with pytest.raises(ToolFailedError) as raised:
        look_ahead(account, wanted(sut="c99.large", architecture="arm64"), {}, lambda _: None)
    assert raised.value.output.splitlines() == [
        "c99.large is not offered in this region",
        "c7a.xlarge is x86_64, not arm64",
        "c7a.large is x86_64, not arm64",
        f"no availability zone of {REGION} offers all of c7a.large, c7a.xlarge, c99.large",
    ]


def test_an_image_is_looked_up_once_and_then_stays(account: Account, tmp_path: Path) -> None:
    ssm = boto3.client("ssm", region_name=REGION)
    stubber = Stubber(ssm)
    answer = {
        "Parameter": {"Name": "latest", "Value": "ami-0newest", "Version": 7, "LastModifiedDate": datetime.now(UTC)}
    }
    stubber.add_response("get_parameter", answer, {"Name": PARAMETER.format(architecture="amd64")})
    lock = tmp_path / "lab.lock"
    pinned = {"arm64": image(account)}
    with stubber:
        found = find_images(replace(account, ssm=ssm), ["amd64", "arm64", "amd64"], pinned)
    assert found == {"amd64": "ami-0newest", **pinned}
    assert pin(lock, REGION, found)
    assert read_lock(lock).images == {REGION: found}
    assert not pin(lock, REGION, {"amd64": "ami-0newest"})
    assert pin(lock, "north-1", {"amd64": "ami-1"})
    assert read_lock(lock).images == {REGION: found, "north-1": {"amd64": "ami-1"}}


def test_a_pinned_image_that_is_gone_is_said(account: Account) -> None:
    with pytest.raises(ToolFailedError, match="ami-0gone, pinned for us-east-1"):
        find_images(account, ["amd64"], {"amd64": "ami-0gone"})


def test_the_callers_address_may_be_set_and_must_be_one() -> None:
    assert str(caller_address({"LAB_CALLER_ADDRESS": "203.0.113.7"})) == "203.0.113.7"
    with pytest.raises(ToolFailedError, match="LAB_CALLER_ADDRESS is no IPv4 address"):
        caller_address({"LAB_CALLER_ADDRESS": "0.0.0.0/0"})
