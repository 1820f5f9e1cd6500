"""What runs have made in an account, found by its tags."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from benchmark_lab.runtime.aws.account import Account, asking

if TYPE_CHECKING:
    from types_boto3_ec2.type_defs import FilterTypeDef

RUN, OWNER, EXPIRES_AT = "lab:run", "lab:owner", "lab:expires-at"
PREFIX = "lab-"
"""What names on AWS begin with."""
_MOST_VALUES = 200
"""In a filter, as AWS has it."""
ENDED = {"shutting-down", "terminated"}
NOT_OF_ITS_OWN = {"security-group-rule", "spot-instances-request"}
"""Kinds that go with another, and cost nothing."""


@dataclass(frozen=True, slots=True)
class Tagged:
    """One resource of a run."""

    kind: str
    id: str
    run: str
    owner: str
    expires_at: datetime | None
    """None where it has no tag that says so."""

    def __str__(self) -> str:
        return f"{self.kind} {self.id} (run {self.run})"


def find(account: Account, run: str | None = None) -> tuple[Tagged, ...]:
    """Every resource in the region that is tagged with a run, or with this one; hosts that have ended are left out."""
    with asking("what runs have left"):
        found = [*_of_ec2(account, run), *_schedule_groups(account, run)]
        gone = _ended(account, [each.id for each in found if each.kind == "instance"])
        found += _roles(account, {each.run: each for each in found}, run)
    return tuple(each for each in found if each.id not in gone and each.kind not in NOT_OF_ITS_OWN)


def role_name(run: str) -> str:
    """The role that ends a run's hosts, as Terraform calls it."""
    return f"{PREFIX}{run}-scheduler"


def _of_ec2(account: Account, run: str | None) -> Iterator[Tagged]:
    filters: list[FilterTypeDef] = [{"Name": "key", "Values": [RUN, OWNER, EXPIRES_AT]}]
    tags: dict[tuple[str, str], dict[str, str]] = {}
    for page in account.ec2.get_paginator("describe_tags").paginate(Filters=filters):
        for tag in page["Tags"]:
            of = tags.setdefault((str(tag.get("ResourceType")), str(tag.get("ResourceId"))), {})
            of[str(tag.get("Key"))] = str(tag.get("Value"))
    for (kind, name), values in tags.items():
        if RUN in values and run in {None, values[RUN]}:
            yield _tagged(kind, name, values)


def _schedule_groups(account: Account, run: str | None) -> Iterator[Tagged]:
    for page in account.scheduler.get_paginator("list_schedule_groups").paginate(NamePrefix=f"{PREFIX}{run or ''}"):
        for group in page["ScheduleGroups"]:
            arn = group.get("Arn", "")
            listed = account.scheduler.list_tags_for_resource(ResourceArn=arn).get("Tags", [])
            values = {tag["Key"]: tag["Value"] for tag in listed}
            if RUN in values and run in {None, values[RUN]}:
                yield _tagged("schedule-group", group.get("Name", ""), values)


def _roles(account: Account, known: dict[str, Tagged], run: str | None) -> Iterator[Tagged]:
    """Yield the roles of runs that have left something, or of this one: roles can't be listed by tag."""
    for name in {*known, *([run] if run else [])}:
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


def _ended(account: Account, instances: Sequence[str]) -> set[str]:
    """Those of these instances that have ended, or are about to: AWS lists them for an hour."""
    gone: set[str] = set()
    for first in range(0, len(instances), _MOST_VALUES):
        ids = instances[first : first + _MOST_VALUES]
        filters: list[FilterTypeDef] = [{"Name": "instance-id", "Values": ids}]
        there = set()
        for page in account.ec2.get_paginator("describe_instances").paginate(Filters=filters):
            for reservation in page["Reservations"]:
                for instance in reservation.get("Instances", []):
                    if instance.get("State", {}).get("Name") not in ENDED:
                        there.add(instance.get("InstanceId"))
        gone |= {name for name in ids if name not in there}
    return gone
