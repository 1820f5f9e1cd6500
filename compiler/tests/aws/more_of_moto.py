"""What moto 5.2 does not play of EC2, as much of it as `lab` asks for: placement groups, and key pairs by their id."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.responses import EC2Response
from moto.moto_api._internal import mock_random


def play() -> None:
    """Teach moto, until the process ends."""
    for action in (create_placement_group, describe_placement_groups, delete_placement_group, delete_key_pair):
        setattr(EC2Response, action.__name__, action)


def _groups(of: EC2Response) -> dict[str, dict[str, Any]]:
    """The groups of an account's region, by name."""
    found: dict[str, dict[str, Any]] = of.ec2_backend.__dict__.setdefault("placement_groups", {})
    return found


def create_placement_group(of: EC2Response) -> ActionResult:
    name = of._get_param("GroupName")
    tags = of._parse_tag_specification("placement-group").get("placement-group", {})
    _groups(of)[name] = group = {
        "GroupName": name,
        "GroupId": f"pg-{mock_random.get_random_hex(17)}",
        "Strategy": of._get_param("Strategy"),
        "State": "available",
        "Tags": [{"Key": key, "Value": value} for key, value in tags.items()],
    }
    return ActionResult({"PlacementGroup": group})


def describe_placement_groups(of: EC2Response) -> ActionResult:
    ids, filters = of._get_param("GroupIds", []), of._filters_from_querystring()
    groups = [group for group in _groups(of).values() if not ids or group["GroupId"] in ids]
    return ActionResult({"PlacementGroups": [group for group in groups if _has(group, filters)]})


def delete_placement_group(of: EC2Response) -> ActionResult:
    del _groups(of)[of._get_param("GroupName")]
    return ActionResult({})


def delete_key_pair(of: EC2Response) -> ActionResult:
    pairs = of.ec2_backend.key_pairs
    (name,) = (name for name, pair in pairs.items() if pair.id == of._get_param("KeyPairId"))
    del pairs[name]
    return ActionResult({"Return": True})


def _has(group: dict[str, Any], filters: Mapping[str, Collection[str]]) -> bool:
    tags = {tag["Key"]: tag["Value"] for tag in group["Tags"]}

    def holds(name: str, values: Collection[str]) -> bool:
        if name == "tag-key":
            return bool(tags.keys() & set(values))
        kind, _, key = name.partition(":")
        assert kind == "tag", f"nothing is filtered by {name}"
        return tags.get(key) in values

    return all(holds(name, values) for name, values in filters.items())
