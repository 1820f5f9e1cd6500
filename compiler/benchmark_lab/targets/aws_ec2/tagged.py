"""Finds what runs have made in an account, by tags."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from benchmark_lab.targets.aws_ec2.account import Account, asking

if TYPE_CHECKING:
    from types_boto3_ec2 import EC2Client
    from types_boto3_resourcegroupstaggingapi.type_defs import TagFilterTypeDef

RUN, OWNER, EXPIRES_AT = "lab:run", "lab:owner", "lab:expires-at"
PREFIX = "lab-"
"""Prefix of the names that `lab` gives on AWS."""


@dataclass(frozen=True, slots=True)
class Listing:
    """The way in which AWS lists resources of one kind."""

    kind: str
    operation: str
    key: str
    """Key of the list of resources in AWS's answer."""
    id: str
    """Key of a resource's id in AWS's answer."""
    over: tuple[object, ...] = ()
    """States of resources that are gone, and that AWS still lists for a while."""


PAID_FOR = {"active", "pending"}
_ENDED = ({"Code": 32, "Name": "shutting-down"}, {"Code": 48, "Name": "terminated"})
LISTINGS = (
    Listing("instance", "describe_instances", "Reservations", "InstanceId", _ENDED),
    Listing("network-interface", "describe_network_interfaces", "NetworkInterfaces", "NetworkInterfaceId"),
    Listing("volume", "describe_volumes", "Volumes", "VolumeId", ("deleting", "deleted")),
    Listing("key-pair", "describe_key_pairs", "KeyPairs", "KeyPairId"),
    Listing("placement-group", "describe_placement_groups", "PlacementGroups", "GroupId", ("deleting", "deleted")),
    Listing("security-group", "describe_security_groups", "SecurityGroups", "GroupId"),
    Listing("subnet", "describe_subnets", "Subnets", "SubnetId"),
    Listing("route-table", "describe_route_tables", "RouteTables", "RouteTableId"),
    Listing("internet-gateway", "describe_internet_gateways", "InternetGateways", "InternetGatewayId"),
    Listing("vpc", "describe_vpcs", "Vpcs", "VpcId"),
)


@dataclass(frozen=True, slots=True)
class Tagged:
    """One tagged resource of a run."""

    kind: str
    id: str
    run: str
    owner: str
    expires_at: datetime | None
    """Time when the resource expires; None if the resource has no tag that says a time."""

    def __str__(self) -> str:
        return f"{self.kind} {self.id} (run {self.run})"


def find(account: Account, run: str | None = None) -> tuple[Tagged, ...]:
    """Return every resource in the region that is tagged with a run, or with this run if one is given.

    Hosts that have ended are left out.
    """
    with asking("what runs have left"):
        found = [*_of_ec2(account, run), *_reservations(account, run), *_schedule_groups(account, run)]
        return (*found, *_roles(account, {each.run for each in found} | ({run} if run else set())))


def role_name(run: str) -> str:
    """Return the name that Terraform gives the role that ends a run's hosts."""
    return f"{PREFIX}{run}-scheduler"


def _of_ec2(account: Account, run: str | None) -> Iterator[Tagged]:
    filters = [{"Name": f"tag:{RUN}", "Values": [run]} if run else {"Name": "tag-key", "Values": [RUN]}]
    for listing in LISTINGS:
        for each in _items(account.ec2, listing, filters):
            if each.get("State") not in listing.over:
                values = {tag["Key"]: tag["Value"] for tag in each.get("Tags", [])}
                yield _tagged(listing.kind, each[listing.id], values)


def _items(ec2: EC2Client, listing: Listing, filters: Sequence[Mapping[str, object]]) -> Iterator[dict[str, Any]]:
    if ec2.can_paginate(listing.operation):
        pages = ec2.get_paginator(listing.operation).paginate(Filters=filters)  # type: ignore[call-overload]  # one of LISTINGS
    else:
        pages = [getattr(ec2, listing.operation)(Filters=filters)]
    for page in pages:
        for each in page[listing.key]:
            yield from each["Instances"] if listing.kind == "instance" else [each]


def _reservations(account: Account, run: str | None) -> Iterator[Tagged]:
    """Yield the capacity reservations that are paid for.

    If no reservation carries the tag, `lab` asks AWS for nothing but the tag.
    """
    tag: TagFilterTypeDef = {"Key": RUN, "Values": [run]} if run else {"Key": RUN}
    pages = account.tags.get_paginator("get_resources").paginate(
        TagFilters=[tag], ResourceTypeFilters=["ec2:capacity-reservation"]
    )
    for page in pages:
        for mapping in page["ResourceTagMappingList"]:
            name = mapping.get("ResourceARN", "").rpartition("/")[2]
            listed = account.ec2.describe_capacity_reservations(CapacityReservationIds=[name])["CapacityReservations"]
            if any(each.get("State") in PAID_FOR for each in listed):
                values = {each["Key"]: each["Value"] for each in mapping.get("Tags", [])}
                yield _tagged("capacity-reservation", name, values)


def _schedule_groups(account: Account, run: str | None) -> Iterator[Tagged]:
    for page in account.scheduler.get_paginator("list_schedule_groups").paginate(NamePrefix=f"{PREFIX}{run or ''}"):
        for group in page["ScheduleGroups"]:
            arn = group.get("Arn", "")
            listed = account.scheduler.list_tags_for_resource(ResourceArn=arn).get("Tags", [])
            values = {tag["Key"]: tag["Value"] for tag in listed}
            if RUN in values and run in {None, values[RUN]}:
                yield _tagged("schedule-group", group.get("Name", ""), values)


def _roles(account: Account, runs: Collection[str]) -> Iterator[Tagged]:
    """Yield the roles of these runs, found by name: AWS cannot list roles by tag."""
    for name in sorted(runs):
        try:
            role = account.iam.get_role(RoleName=role_name(name))["Role"]
        except account.iam.exceptions.NoSuchEntityException:
            continue
        values = {tag["Key"]: tag["Value"] for tag in role.get("Tags", [])}
        if values.get(RUN) == name:
            yield _tagged("role", role["RoleName"], values)


def _tagged(kind: str, name: str, values: dict[str, str]) -> Tagged:
    return Tagged(kind, name, values[RUN], values.get(OWNER, ""), _time(values.get(EXPIRES_AT, "")))


def _time(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else None
