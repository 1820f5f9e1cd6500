"""Removes resources that `lab` found by tag: a resource that uses others goes before the others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from botocore.exceptions import ClientError, WaiterError

from benchmark_lab.targets.aws_ec2.account import Account, code_of
from benchmark_lab.targets.aws_ec2.tagged import Tagged

Removal = Callable[[Account, Sequence[str]], None]


def remove(account: Account, resources: Iterable[Tagged], say: Callable[[str], None]) -> None:
    """Remove the resources that can be removed, and tell the user which resources could not be removed.

    Whoever looks again finds the resources that could not be removed.
    """
    left = list(resources)
    for kind, removal in ORDER.items():
        ids = sorted(each.id for each in left if each.kind == kind)
        for batch in [ids] if kind in TOGETHER and ids else [[name] for name in ids]:
            say(f"Removing {kind} {', '.join(batch)}")
            try:
                removal(account, batch)
            except (ClientError, WaiterError) as error:
                reason = code_of(error) if isinstance(error, ClientError) else str(error)
                if not reason.endswith((".NotFound", "NotFoundException")):
                    say(f"{kind} {', '.join(batch)} was not removed: {error}")
    for each in left:
        if each.kind not in ORDER:
            say(f"{each} was not removed: lab makes no {each.kind}")


def _end_instances(account: Account, ids: Sequence[str]) -> None:
    account.ec2.terminate_instances(InstanceIds=ids)
    account.ec2.get_waiter("instance_terminated").wait(InstanceIds=ids, WaiterConfig={"Delay": 5, "MaxAttempts": 120})


def _schedule_group(account: Account, ids: Sequence[str]) -> None:
    account.scheduler.delete_schedule_group(Name=ids[0])


def _role(account: Account, ids: Sequence[str]) -> None:
    for page in account.iam.get_paginator("list_role_policies").paginate(RoleName=ids[0]):
        for policy in page["PolicyNames"]:
            account.iam.delete_role_policy(RoleName=ids[0], PolicyName=policy)
    account.iam.delete_role(RoleName=ids[0])


def _placement_group(account: Account, ids: Sequence[str]) -> None:
    for group in account.ec2.describe_placement_groups(GroupIds=ids)["PlacementGroups"]:
        account.ec2.delete_placement_group(GroupName=group.get("GroupName", ""))


def _close_groups(account: Account, ids: Sequence[str]) -> None:
    """Remove security groups, and their rules first: groups that name each other cannot be deleted."""
    for group in account.ec2.describe_security_groups(GroupIds=ids)["SecurityGroups"]:
        name = group.get("GroupId", "")
        if inward := group.get("IpPermissions"):
            account.ec2.revoke_security_group_ingress(GroupId=name, IpPermissions=inward)
        if outward := group.get("IpPermissionsEgress"):
            account.ec2.revoke_security_group_egress(GroupId=name, IpPermissions=outward)
    for name in ids:
        account.ec2.delete_security_group(GroupId=name)


def _gateway(account: Account, ids: Sequence[str]) -> None:
    for gateway in account.ec2.describe_internet_gateways(InternetGatewayIds=ids)["InternetGateways"]:
        for attachment in gateway.get("Attachments", []):
            account.ec2.detach_internet_gateway(InternetGatewayId=ids[0], VpcId=attachment.get("VpcId", ""))
    account.ec2.delete_internet_gateway(InternetGatewayId=ids[0])


def _route_table(account: Account, ids: Sequence[str]) -> None:
    for table in account.ec2.describe_route_tables(RouteTableIds=ids)["RouteTables"]:
        for association in table.get("Associations", []):
            account.ec2.disassociate_route_table(AssociationId=association.get("RouteTableAssociationId", ""))
    account.ec2.delete_route_table(RouteTableId=ids[0])


ORDER: dict[str, Removal] = {
    "instance": _end_instances,
    "capacity-reservation": lambda account, ids: _quiet(
        account.ec2.cancel_capacity_reservation(CapacityReservationId=ids[0])
    ),
    "schedule-group": _schedule_group,
    "role": _role,
    "network-interface": lambda account, ids: _quiet(account.ec2.delete_network_interface(NetworkInterfaceId=ids[0])),
    "volume": lambda account, ids: _quiet(account.ec2.delete_volume(VolumeId=ids[0])),
    "key-pair": lambda account, ids: _quiet(account.ec2.delete_key_pair(KeyPairId=ids[0])),
    "placement-group": _placement_group,
    "security-group": _close_groups,
    "subnet": lambda account, ids: _quiet(account.ec2.delete_subnet(SubnetId=ids[0])),
    "route-table": _route_table,
    "internet-gateway": _gateway,
    "vpc": lambda account, ids: _quiet(account.ec2.delete_vpc(VpcId=ids[0])),
}
"""Functions that remove resources, by kind: what costs most comes first, and what others stand in comes last."""

TOGETHER = {"instance", "security-group"}
"""Kinds whose resources `lab` removes in one go."""


def _quiet(answer: object) -> None:
    del answer
