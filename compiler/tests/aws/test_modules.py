"""What is checked in the modules' text, without Terraform."""

from __future__ import annotations

import re

import pytest
import yaml

from tests.aws.root import INFRA
from tests.aws.rules import open_in_source
from tests.aws.test_plans import OPEN

FILES = sorted(INFRA.rglob("*.tf"))


def test_no_file_opens_anything_to_the_world() -> None:
    assert FILES
    assert [(file.name, block) for file in FILES for block in open_in_source(file.read_text())] == []


@pytest.mark.parametrize(
    "addition", [OPEN["IPv4"], OPEN["IPv6"], OPEN["an inline block"]], ids=["IPv4", "IPv6", "inline"]
)
def test_an_open_ingress_is_found_in_the_text(addition: str) -> None:
    text = (INFRA / "modules" / "network" / "security.tf").read_text()
    (found,) = open_in_source(text + addition)
    assert '"open"' in found


def test_every_variable_and_output_is_described() -> None:
    for file in FILES:
        for block in re.findall(
            r'^((?:variable|output) "\w+") \{\n(.*?)^\}', file.read_text(), re.MULTILINE | re.DOTALL
        ):
            heading, body = block
            assert re.match(r'  description = ".+\."$', body.splitlines()[0]), f"{file}: {heading}"
            assert not heading.startswith("variable") or re.search(r"^  type +=", body, re.MULTILINE), (
                f"{file}: {heading}"
            )


def test_every_root_and_module_pins_the_provider() -> None:
    folders = {file.parent for file in FILES}
    assert len(folders) == 7
    for folder in folders:
        assert 'version = "~> 6.0"' in (folder / "versions.tf").read_text(), folder
        assert (folder / "README.md").exists(), folder


def test_every_rule_that_is_skipped_has_its_reason() -> None:
    skipped = [line for file in FILES for line in file.read_text().splitlines() if "checkov:skip" in line]
    assert skipped
    assert [line for line in skipped if not re.fullmatch(r"  # checkov:skip=CKV2?_AWS_\d+: (\S+ ){4,}\S+", line)] == []


def test_the_facts_about_instance_types_are_whole() -> None:
    facts = yaml.safe_load((INFRA / "aws-ec2" / "instances.yaml").read_text())
    assert facts["sources"]["prices"]["as_of"]
    for name, fact in facts["types"].items():
        assert fact["vcpus"] in {fact["cores"], 2 * fact["cores"]}, name
        assert 0 < fact["usd_per_hour"]["us-east-1"] < 2, name
        assert fact["network_baseline_gbit_s"] > 0.7, name
