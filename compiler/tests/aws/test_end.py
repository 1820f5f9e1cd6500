"""The end of rented hosts: what is tried, what counts as gone, and what is said where something is not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from benchmark_lab.machine.tools import ResourcesRemainError, ToolFailedError
from benchmark_lab.targets.aws_ec2.rented import Record, end
from benchmark_lab.targets.aws_ec2.terraform import PLAN

RECORD = Record(run="a1b2", region="us-east-1", root="aws-ec2", expires_at="2026-11-23T12:00:00Z")


@dataclass
class World:
    """A Terraform and a cloud: what each knows to be there, and what fails."""

    state: list[str]
    failures: int = 0
    """How many destructions fail."""
    stuck: bool = False
    """Whether the cloud keeps what it has."""
    unreachable: bool = False
    forgetful: bool = False
    """Whether the state cannot be read."""
    asked: list[str] = field(default_factory=list)

    def init(self) -> None:
        raise NotImplementedError

    plan = apply = init

    def outputs(self) -> Mapping[str, object]:
        raise NotImplementedError

    def destroy(self) -> None:
        self.asked.append("destroy")
        if self.failures:
            self.failures -= 1
            raise ToolFailedError("`terraform destroy` ended with status 1", output="DependencyViolation")
        self.state.clear()

    def known(self) -> tuple[str, ...]:
        if self.forgetful:
            raise ToolFailedError("`terraform state pull` ended with status 1")
        return tuple(self.state)

    def clear(self, run: str) -> None:
        self.asked.append(f"clear {run}")
        if self.unreachable:
            raise ToolFailedError("AWS cannot be reached")
        if self.stuck:
            raise ResourcesRemainError("resources remain")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "aws-ec2").mkdir()
    (tmp_path / "aws-ec2" / PLAN).touch()
    return tmp_path


def ended(folder: Path, world: World) -> list[str]:
    said: list[str] = []
    end(folder, RECORD, world, world, said.append)
    return said


def test_what_terraform_destroyed_is_looked_for_by_its_tag_as_well(folder: Path) -> None:
    world = World(["aws_vpc vpc-1"])
    assert ended(folder, world) == []
    assert world.asked == ["destroy", "clear a1b2"]


def test_a_destruction_that_fails_is_repeated(folder: Path) -> None:
    world = World(["aws_vpc vpc-1"], failures=2)
    said = ended(folder, world)
    assert world.asked == ["destroy", "destroy", "destroy", "clear a1b2"]
    assert [text.split("\n")[0] for text in said] == [
        f"Removing the hosts failed (attempt {attempt} of 3). `terraform destroy` ended with status 1"
        for attempt in (1, 2)
    ]


def test_terraform_sees_that_what_was_found_by_its_tag_is_gone(folder: Path) -> None:
    world = World(["aws_vpc vpc-1"], failures=3)
    ended(folder, world)
    assert world.asked == ["destroy"] * 3 + ["clear a1b2", "destroy"]


def test_what_remains_is_listed_with_how_to_remove_it(folder: Path) -> None:
    remaining = [f"aws_instance i-{number}" for number in range(30)]
    with pytest.raises(ResourcesRemainError) as raised:
        ended(folder, World(remaining, failures=100))
    text = str(raised.value)
    assert [line.strip() for line in text.splitlines() if line.startswith("  aws_")] == remaining
    assert "DependencyViolation" in text
    assert f"cd {folder / 'aws-ec2'} && terraform destroy" in text
    assert "end themselves at 2026-11-23T12:00:00Z" in text


@pytest.mark.parametrize("harms", [{"stuck"}, {"unreachable"}, {"forgetful"}, {"unreachable", "forgetful"}])
def test_hosts_that_are_not_seen_to_be_gone_may_be_there(folder: Path, harms: set[str]) -> None:
    world = World([], stuck="stuck" in harms, unreachable="unreachable" in harms, forgetful="forgetful" in harms)
    with pytest.raises(ResourcesRemainError, match="terraform destroy"):
        ended(folder, world)


def test_nothing_is_asked_where_nothing_was_ever_planned(folder: Path) -> None:
    (folder / "aws-ec2" / PLAN).unlink()
    world = World([])
    ended(folder, world)
    assert world.asked == []
