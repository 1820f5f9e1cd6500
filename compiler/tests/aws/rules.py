"""What holds for every plan and every module of `infra/`, as lists of what breaks it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.aws.root import Plan

TAGS = {"lab:run", "lab:owner", "lab:expires-at"}

WITHOUT_TAGS = {
    "aws_ec2_tag",
    "aws_iam_role_policy",
    "aws_iam_role_policy_attachment",
    "aws_route",
    "aws_route_table_association",
    "aws_scheduler_schedule",  # its group is tagged
}

_WORLD = re.compile(r'"(0\.0\.0\.0|::)/0"')
_INLINE = re.compile(r'^\s*(dynamic\s+)?"?ingress"?\s*[={]', re.MULTILINE)
_MAY_NAME_THE_WORLD = {"aws_route", "aws_vpc_security_group_egress_rule"}


@dataclass(frozen=True)
class Planned:
    """A resource as it will be; what is not known yet is missing from `after` and true in `unknown`."""

    address: str
    type: str
    after: dict[str, Any]
    unknown: dict[str, Any]


def planned(plan: Plan) -> list[Planned]:
    return [
        Planned(change["address"], change["type"], change["change"]["after"], change["change"]["after_unknown"])
        for change in plan["resource_changes"]
        if change["mode"] == "managed"
    ]


def of_type(plan: Plan, name: str) -> list[Planned]:
    found = [resource for resource in planned(plan) if resource.type == name]
    assert found, f"the plan has no {name}"
    return found


def open_ingress(plan: Plan, caller: str) -> list[str]:
    """Name what lets anybody in but groups and the caller; rules inside a group are not looked into, but refused."""
    return [resource.address for resource in planned(plan) if _is_open(resource, caller)]


def _is_open(resource: Planned, caller: str) -> bool:
    if resource.type == "aws_security_group":
        return bool(resource.after.get("ingress"))
    if resource.type != "aws_vpc_security_group_ingress_rule":
        return False
    addresses = {resource.after.get(key) for key in ("cidr_ipv4", "cidr_ipv6", "prefix_list_id")} - {None}
    undecided = any(resource.unknown.get(key) for key in ("cidr_ipv4", "cidr_ipv6", "prefix_list_id"))
    return undecided or not addresses <= {caller}


def untagged(plan: Plan) -> list[str]:
    """Name what could carry the run's tags and lacks some."""
    return [
        resource.address
        for resource in planned(plan)
        if resource.type not in WITHOUT_TAGS and not (resource.after.get("tags_all") or {}).keys() >= TAGS
    ]


def open_in_source(text: str) -> Iterator[str]:
    """Yield the blocks of a file that name the world elsewhere than on the way out, or hold ingress of their own."""
    for block in re.split(r"^(?=\S+ .*\{$)", text, flags=re.MULTILINE):
        heading = block.partition("\n")[0]
        kind = re.match(r'resource "(\w+)"', heading)
        code = re.sub(r"^\s*(#|//).*$", "", block, flags=re.MULTILINE)
        open_to_all = _WORLD.search(code) and (kind is None or kind[1] not in _MAY_NAME_THE_WORLD)
        if open_to_all or _INLINE.search(code):
            yield heading
