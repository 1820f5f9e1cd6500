"""An account that is played by moto: what runs and others have in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import pytest
from moto import mock_aws

from benchmark_lab.targets.aws_ec2.account import Account, connect
from benchmark_lab.targets.aws_ec2.tagged import role_name
from tests.aws import more_of_moto

REGION = "us-east-1"
POLICY = (
    '{"Version": "2012-10-17", '
    '"Statement": [{"Effect": "Allow", "Action": "ec2:TerminateInstances", "Resource": "arn:aws:ec2:*:*:instance/*"}]}'
)
KEYS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_DEFAULT_REGION": REGION}


@contextmanager
def played() -> Iterator[Account]:
    """Nothing goes out: moto answers what boto3 asks."""
    more_of_moto.play()
    with pytest.MonkeyPatch.context() as environment, mock_aws():  # boto3 finds credentials nowhere else
        for name, value in KEYS.items():
            environment.setenv(name, value)
        yield connect(REGION)


def tags(run: str, owner: str, expires_at: str) -> dict[str, str]:
    return {"lab:run": run, "lab:owner": owner, "lab:expires-at": expires_at}


def make_all(account: Account, of: Mapping[str, str]) -> list[str]:
    """Make one of each kind that a run has, tagged like this; the ids in the order of making."""
    ec2 = account.ec2
    listed = [{"Key": key, "Value": value} for key, value in of.items()]

    def tagged(kind: str) -> list[dict[str, object]]:
        return [{"ResourceType": kind, "Tags": listed}]

    vpc = ec2.create_vpc(CidrBlock="10.42.0.0/20", TagSpecifications=tagged("vpc"))["Vpc"]["VpcId"]  # type: ignore[arg-type]  # stubs want literals
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.42.0.0/24", TagSpecifications=tagged("subnet"))  # type: ignore[arg-type]
    gateway = ec2.create_internet_gateway(TagSpecifications=tagged("internet-gateway"))  # type: ignore[arg-type]
    gateway_id = gateway["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway_id, VpcId=vpc)
    table = ec2.create_route_table(VpcId=vpc, TagSpecifications=tagged("route-table"))["RouteTable"]["RouteTableId"]  # type: ignore[arg-type]
    subnet_id = subnet["Subnet"]["SubnetId"]
    ec2.associate_route_table(RouteTableId=table, SubnetId=subnet_id)
    groups = [
        ec2.create_security_group(
            GroupName=f"{of['lab:run']}-{role}",
            Description=role,
            VpcId=vpc,
            TagSpecifications=tagged("security-group"),  # type: ignore[arg-type]
        )["GroupId"]
        for role in ("sut", "load")
    ]
    for one, other in (groups, reversed(groups)):
        allowed = {"IpProtocol": "tcp", "FromPort": 1024, "ToPort": 65535, "UserIdGroupPairs": [{"GroupId": other}]}
        ec2.authorize_security_group_ingress(GroupId=one, IpPermissions=[allowed])  # type: ignore[list-item]
    image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    instance = ec2.run_instances(
        ImageId=image,
        InstanceType="c7a.large",
        MinCount=1,
        MaxCount=1,
        SubnetId=subnet_id,
        SecurityGroupIds=groups,
        TagSpecifications=[*tagged("instance"), *tagged("volume")],  # type: ignore[list-item]
    )["Instances"][0]["InstanceId"]
    volume = ec2.create_volume(AvailabilityZone="us-east-1a", Size=1, TagSpecifications=tagged("volume"))["VolumeId"]  # type: ignore[arg-type]
    key = ec2.create_key_pair(KeyName=of["lab:run"], TagSpecifications=tagged("key-pair"))["KeyPairId"]  # type: ignore[arg-type]
    group = ec2.create_placement_group(
        GroupName=of["lab:run"],
        Strategy="cluster",
        TagSpecifications=tagged("placement-group"),  # type: ignore[arg-type]
    )["PlacementGroup"]["GroupId"]
    account.scheduler.create_schedule_group(Name=f"lab-{of['lab:run']}", Tags=listed)  # type: ignore[arg-type]
    role = role_name(of["lab:run"])
    account.iam.create_role(RoleName=role, AssumeRolePolicyDocument="{}", Tags=listed)  # type: ignore[arg-type]
    account.iam.put_role_policy(RoleName=role, PolicyName="terminate", PolicyDocument=POLICY)
    return [vpc, subnet_id, gateway_id, table, *groups, instance, volume, key, group, f"lab-{of['lab:run']}", role]
