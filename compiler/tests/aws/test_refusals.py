"""What Terraform refuses before anything is created: by the real provider's schema, and by the roots' own checks."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.aws.root import HARDWARE, Root, Values

pytestmark = pytest.mark.tools


@pytest.mark.parametrize(
    ("module", "written", "mistaken", "message"),
    [
        pytest.param(
            "hosts",
            "  key_name        ",
            "  key_named       ",
            'An argument named "key_named" is not expected here.',
            id="unknown argument",
        ),
        pytest.param(
            "safety",
            "  schedule_expression     = ",
            "  # ",
            'The argument "schedule_expression" is required',
            id="missing argument",
        ),
        pytest.param(
            "hosts",
            "= each.value.volume_gib",
            '= "large"',
            'Inappropriate value for attribute "volume_size": a number is required.',
            id="wrong type",
        ),
        pytest.param(
            "hosts",
            "  metadata_options {",
            "  metadata_option {",
            'Blocks of type "metadata_option" are not expected here.',
            id="unknown block",
        ),
        pytest.param(
            "network",
            "  enable_dns_hostnames = true",
            '  arn = "mine"',
            '"arn" is decided by AWS: it cannot be set.',
            id="read-only attribute",
        ),
    ],
)
def test_a_mistake_in_a_module_is_refused_by_the_schema(
    fresh: Callable[[str], Root], module: str, written: str, mistaken: str, message: str
) -> None:
    root = fresh("aws-ec2")
    file = root.folder.parent / "modules" / module / "main.tf"
    assert file.read_text().count(written) == 1
    file.write_text(file.read_text().replace(written, mistaken))
    root.init()
    refused = root.run("validate")
    assert refused.returncode == 1
    assert message in _unwrapped(refused.stderr)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        pytest.param({"caller_cidr": "0.0.0.0/0"}, "SSH is opened to one IPv4 address only", id="SSH from anywhere"),
        pytest.param(
            {"caller_cidr": "203.0.113.0/24"}, "SSH is opened to one IPv4 address only", id="SSH from a network"
        ),
        pytest.param({"caller_cidr": "::/0"}, "SSH is opened to one IPv4 address only", id="SSH from any IPv6 address"),
        pytest.param(
            {"hardware": {"default": HARDWARE | {"load": {"type": "t3.medium"}}}}, "Burstable types", id="burstable"
        ),
        pytest.param(
            {"hardware": {"default": HARDWARE | {"sut": {"type": "c7a.large", "count": 2}}}},
            "A lane has one sut",
            id="two suts",
        ),
        pytest.param({"hours": 72}, "A host lives at most 48 hours.", id="too long"),
        pytest.param({"expires_at": "2026-11-23T12:00:00+01:00"}, "Write the time in UTC", id="local time"),
        pytest.param({"run": "Workers_Sweep"}, "A run's name has at most 30", id="name"),
    ],
)
def test_a_value_that_is_unsafe_or_dear_is_refused(ec2: Root, values: Values, message: str) -> None:
    ec2.write("zz.auto.tfvars.json", values)
    refused = ec2.run("plan", "-input=false")
    assert refused.returncode == 1
    assert message in _unwrapped(refused.stderr)


def test_a_burstable_type_is_used_where_it_is_allowed_and_then_outside_a_cluster(ec2: Root) -> None:
    ec2.write(
        "zz.auto.tfvars.json",
        {"allow_burstable": True, "hardware": {"default": HARDWARE | {"load": {"type": "t3.medium"}}}},
    )
    types = {change["type"] for change in ec2.planned()["resource_changes"]}
    assert "aws_instance" in types
    assert "aws_placement_group" not in types


def _unwrapped(text: str) -> str:
    return " ".join(word for word in text.split() if word not in {"│", "╷", "╵"})
