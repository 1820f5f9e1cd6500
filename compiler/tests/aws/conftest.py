"""Roots for the tests, run by real Terraform against the stand-in for its provider."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.aws.root import Plan, Root, copied
from tests.aws.stand_in import terraform_settings


@pytest.fixture(scope="session")
def settings() -> Path:
    """Terraform's settings; where the stand-in is not built yet, that takes a minute."""
    return terraform_settings(Path.home() / ".cache" / "benchmark-lab")


@pytest.fixture
def fresh(tmp_path: Path, settings: Path) -> Callable[[str], Root]:
    """A copy of a root that a test may change before it initialises it."""
    return lambda name: copied(name, tmp_path, settings)


@pytest.fixture
def ec2(fresh: Callable[[str], Root]) -> Root:
    root = fresh("aws-ec2")
    root.init()
    return root


@pytest.fixture(scope="session")
def plans(settings: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Plan]:
    """The plans of three lanes, by root."""
    made = {}
    for name in ("aws-ec2", "aws-ecs"):
        root = copied(name, tmp_path_factory.mktemp(name), settings)
        root.write("lanes.auto.tfvars.json", {"lanes": 3})
        root.init()
        made[name] = root.planned()
    return made
