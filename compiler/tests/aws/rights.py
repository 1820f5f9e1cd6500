"""What the provider and `lab` call on AWS, and whether a policy allows a call."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

NEEDED: dict[str, str] = {
    "aws_ec2_capacity_reservation": "ec2:CreateCapacityReservation CancelCapacityReservation "
    "DescribeCapacityReservations",
    "aws_ec2_tag": "ec2:CreateTags DeleteTags DescribeTags",
    "aws_iam_role": "iam:CreateRole GetRole DeleteRole TagRole ListRolePolicies ListAttachedRolePolicies "
    "ListInstanceProfilesForRole",
    "aws_iam_role_policy": "iam:PutRolePolicy GetRolePolicy DeleteRolePolicy",
    "aws_instance": "ec2:RunInstances TerminateInstances CreateTags DescribeInstances DescribeInstanceTypes "
    "DescribeInstanceAttribute DescribeInstanceCreditSpecifications DescribeVolumes DescribeTags "
    "DescribeSpotInstanceRequests",
    "aws_internet_gateway": "ec2:CreateInternetGateway AttachInternetGateway DetachInternetGateway "
    "DeleteInternetGateway DescribeInternetGateways",
    "aws_key_pair": "ec2:ImportKeyPair DeleteKeyPair DescribeKeyPairs",
    "aws_placement_group": "ec2:CreatePlacementGroup DeletePlacementGroup DescribePlacementGroups",
    "aws_route": "ec2:CreateRoute DeleteRoute DescribeRouteTables",
    "aws_route_table": "ec2:CreateRouteTable DeleteRouteTable DescribeRouteTables",
    "aws_route_table_association": "ec2:AssociateRouteTable DisassociateRouteTable DescribeRouteTables",
    "aws_scheduler_schedule": "scheduler:CreateSchedule GetSchedule DeleteSchedule",
    "aws_scheduler_schedule_group": "scheduler:CreateScheduleGroup GetScheduleGroup DeleteScheduleGroup TagResource "
    "ListTagsForResource",
    "aws_security_group": "ec2:CreateSecurityGroup DeleteSecurityGroup DescribeSecurityGroups "
    "RevokeSecurityGroupEgress DescribeNetworkInterfaces",
    "aws_subnet": "ec2:CreateSubnet DeleteSubnet DescribeSubnets DescribeNetworkInterfaces",
    "aws_vpc": "ec2:CreateVpc DeleteVpc ModifyVpcAttribute DescribeVpcs DescribeVpcAttribute DescribeNetworkAcls "
    "DescribeRouteTables DescribeSecurityGroups",
    "aws_vpc_security_group_egress_rule": "ec2:AuthorizeSecurityGroupEgress RevokeSecurityGroupEgress "
    "DescribeSecurityGroupRules",
    "aws_vpc_security_group_ingress_rule": "ec2:AuthorizeSecurityGroupIngress RevokeSecurityGroupIngress "
    "DescribeSecurityGroupRules",
    "data.aws_ssm_parameter": "ssm:GetParameter",
}
"""Calls by the type of resource that makes them: the service once, then the calls."""

FREE = {"data.aws_caller_identity", "data.aws_partition", "data.aws_region"}
"""What needs no right."""

OF_LAB = (
    "ec2:DescribeAvailabilityZones DescribeInstanceTypeOfferings DescribeImages DeleteVolume DeleteNetworkInterface",
    "iam:GetPolicy PassRole CreateServiceLinkedRole",
    "scheduler:ListScheduleGroups",
    "servicequotas:GetServiceQuota",
    "tag:GetResources",
)
"""What `lab` itself calls: looking ahead, sweeping, and what AWS checks on the way."""


def calls(words: str) -> set[str]:
    service, _, names = words.partition(":")
    return {f"{service}:{name}" for name in names.split()}


@dataclass(frozen=True)
class Call:
    """One resource of one call, with the keys that conditions may look at."""

    action: str
    resource: str
    context: Mapping[str, str | Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Policy:
    """A policy document of statements that allow."""

    statements: tuple[Mapping[str, Any], ...]

    @classmethod
    def read(cls, file: Path) -> Policy:
        return cls(tuple(json.loads(file.read_text())["Statement"]))

    def actions(self) -> set[str]:
        return {action for statement in self.statements for action in listed(statement["Action"])}

    def allows(self, call: Call) -> bool:
        return any(_allows(statement, call) for statement in self.statements)


def listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def _allows(statement: Mapping[str, Any], call: Call) -> bool:
    return (
        call.action in listed(statement["Action"])
        and any(fnmatchcase(call.resource, pattern) for pattern in listed(statement["Resource"]))
        and all(_conditions(statement.get("Condition", {}), call.context))
    )


def _conditions(conditions: Mapping[str, Any], context: Mapping[str, str | Sequence[str]]) -> Iterator[bool]:
    for operator, keys in conditions.items():
        for key, wanted in keys.items():
            value = context.get(key)
            match operator:
                case "Null":
                    yield (value is None) == (wanted == "true")
                case "StringEquals" | "Bool":
                    yield value in listed(wanted)
                case "StringLike":
                    yield value is not None and any(fnmatchcase(str(value), pattern) for pattern in listed(wanted))
                case "ForAllValues:StringEquals":
                    yield set(value or ()) <= set(listed(wanted))
                case _:
                    raise NotImplementedError(operator)
