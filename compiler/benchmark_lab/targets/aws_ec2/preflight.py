"""Finds out what an account can give a run, before `lab` makes anything."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from benchmark_lab.bundle import RentedHosts, TerraformVariables
from benchmark_lab.machine.tools import ToolFailedError
from benchmark_lab.targets.aws_ec2.account import Account, asking, code_of
from benchmark_lab.targets.aws_ec2.images import find_images

if TYPE_CHECKING:
    from types_boto3_ec2.type_defs import InstanceTypeInfoTypeDef

STANDARD_VCPUS = "L-1216C47A"
"""Code of the quota of vCPUs in running on-demand hosts of the families A, C, D, H, I, M, R, T and Z."""
BOUNDARY = "lab-boundary"
_STANDARD = re.compile(r"[acdhimrtz]\d")
_NAMES = {"x86_64": "amd64", "arm64": "arm64"}


@dataclass(frozen=True, slots=True)
class Zone:
    """An availability zone: its id, which means the same in every account, and this account's name for the zone."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Ready:
    """Facts that a run needs, and that only the account knows."""

    zone: Zone
    images: dict[str, str]
    role_boundary: str | None


def look_ahead(
    account: Account, wanted: TerraformVariables, pinned: Mapping[str, str], say: Callable[[str], None]
) -> Ready:
    """Check in advance everything that would fail half-way.

    Args:
        account: the account to rent in.
        wanted: the hosts to rent.
        pinned: the pinned images by architecture.
        say: the function that tells the user what could not be checked.

    Raises:
        ToolFailedError: if anything stands in the way; the error lists everything that does.
    """
    hosts = [hosts for roles in wanted.hardware.values() for hosts in roles.values()]
    with asking("what instance types there are"):
        types = _types(account, {each.type for each in hosts})
    zones = _zones(account, {each.type for each in hosts})
    problems = [*_unlike(hosts, types), *_beyond_quota(account, wanted, types, say)]
    if not zones:
        names = ", ".join(sorted({each.type for each in hosts}))
        problems.append(f"no availability zone of {account.region} offers all of {names}")
    if problems:
        raise ToolFailedError(
            f"account {account.id} cannot carry this out; nothing was made",
            output="\n".join(problems),
            next_step="change the experiment's hardware or lanes, or ask AWS for a larger quota",
        )
    images = find_images(account, (each.architecture for each in hosts), pinned)
    return Ready(zones[0], images, _boundary(account))


def _types(account: Account, names: set[str]) -> dict[str, InstanceTypeInfoTypeDef]:
    pages = account.ec2.get_paginator("describe_instance_types").paginate(
        Filters=[{"Name": "instance-type", "Values": sorted(names)}]
    )
    return {str(found["InstanceType"]): found for page in pages for found in page["InstanceTypes"]}


def _unlike(hosts: list[RentedHosts], types: Mapping[str, InstanceTypeInfoTypeDef]) -> Iterator[str]:
    """Yield how the account's instance types differ from the instance types that the run was planned with."""
    planned = {each.type: each for each in hosts}
    for name, each in planned.items():
        if name not in types:
            yield f"{name} is not offered in this region"
            continue
        architectures = types[name].get("ProcessorInfo", {}).get("SupportedArchitectures", [])
        if each.architecture not in {_NAMES.get(architecture) for architecture in architectures}:
            yield f"{name} is {', '.join(architectures)}, not {each.architecture}"


def _zones(account: Account, names: set[str]) -> list[Zone]:
    """Return the availability zones that offer every instance type, in the order of the zones' ids."""
    with asking("which zones offer the instance types"):
        pages = account.ec2.get_paginator("describe_instance_type_offerings").paginate(
            LocationType="availability-zone-id", Filters=[{"Name": "instance-type", "Values": sorted(names)}]
        )
        offered: dict[str, set[str]] = {}
        for page in pages:
            for offering in page["InstanceTypeOfferings"]:
                offered.setdefault(str(offering.get("Location")), set()).add(str(offering.get("InstanceType")))
        available = account.ec2.describe_availability_zones(Filters=[{"Name": "state", "Values": ["available"]}])
    zones = [Zone(str(zone.get("ZoneId")), str(zone.get("ZoneName"))) for zone in available["AvailabilityZones"]]
    return sorted((zone for zone in zones if offered.get(zone.id, set()) >= names), key=lambda zone: zone.id)


def _beyond_quota(
    account: Account,
    wanted: TerraformVariables,
    types: Mapping[str, InstanceTypeInfoTypeDef],
    say: Callable[[str], None],
) -> Iterator[str]:
    """Yield a problem if the vCPUs asked for and the vCPUs that run already are more than the account's quota."""
    try:
        quota = account.quotas.get_service_quota(ServiceCode="ec2", QuotaCode=STANDARD_VCPUS)["Quota"].get("Value")
    except ClientError as error:
        say(f"The quota of vCPUs is not known ({code_of(error)}): a run beyond it fails while it rents hosts.")
        return
    if quota is None:
        return
    asked = sum(
        each.count * int(types[each.type].get("VCpuInfo", {}).get("DefaultVCpus", 0)) * wanted.lanes
        for roles in wanted.hardware.values()
        for each in roles.values()
        if each.type in types and _STANDARD.match(each.type)
    )
    in_use = _running_vcpus(account)
    if asked + in_use > quota:
        yield f"the hosts have {asked} vCPUs, {in_use} run already, and the quota {STANDARD_VCPUS} is {quota:g}"


def _running_vcpus(account: Account) -> int:
    with asking("what is running"):
        pages = account.ec2.get_paginator("describe_instances").paginate(
            Filters=[{"Name": "instance-state-name", "Values": ["pending", "running"]}]
        )
        running = Counter(
            str(instance.get("InstanceType"))
            for page in pages
            for reservation in page["Reservations"]
            for instance in reservation.get("Instances", [])
        )
        standard = set(filter(_STANDARD.match, running))
        types = _types(account, standard) if standard else {}
    return sum(running[name] * int(found.get("VCpuInfo", {}).get("DefaultVCpus", 0)) for name, found in types.items())


def _boundary(account: Account) -> str | None:
    """Return the ARN of the policy that bounds the role which ends hosts; return None if the account lacks it."""
    arn = f"arn:{account.partition}:iam::{account.id}:policy/{BOUNDARY}"
    with asking(f"whether there is a policy {BOUNDARY}"):
        try:
            account.iam.get_policy(PolicyArn=arn)
        except account.iam.exceptions.NoSuchEntityException:
            return None
    return arn
