"""Roots for the tests, run by real Terraform against the stand-in for its provider."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from benchmark_lab.machine.folders import cache_root
from tests.aws.account import REGION
from tests.aws.renting import RentingLab
from tests.aws.root import Plan, Root, copied
from tests.aws.stand_in import terraform_settings
from tests.e2e.conftest import Lab, lab  # noqa: F401  a fixture


@pytest.fixture(scope="session")
def settings() -> Path:
    """Terraform's settings; where the stand-in is not built yet, that takes a minute."""
    return terraform_settings(cache_root(os.environ))


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


@pytest.fixture(scope="session")
def endpoint() -> Iterator[str]:
    """Where moto's AWS answers."""
    from moto.server import ThreadedMotoServer  # noqa: PLC0415  see renting

    from tests.aws import more_of_moto  # noqa: PLC0415  likewise

    more_of_moto.play()
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def renting(lab: Lab, tmp_path: Path, settings: Path, endpoint: str) -> RentingLab:  # noqa: F811  the fixture
    return new_renting(lab, tmp_path, settings, endpoint)


def new_renting(lab: Lab, place: Path, settings: Path, endpoint: str) -> RentingLab:  # noqa: F811  not the fixture
    """A project whose sweep rents hosts that this machine can play, and an account for it."""
    import boto3  # noqa: PLC0415  seconds that the fast tests of this folder do without

    made = RentingLab(project=lab.project, started=lab.started, place=place, settings=settings, endpoint=endpoint)
    made.shrink_hosts()
    made.pool.write_text("".join(f"198.18.0.{host}\n" for host in range(2, 22)))
    ec2 = boto3.client(
        "ec2",
        region_name=REGION,
        endpoint_url=endpoint,
        aws_access_key_id="testing",
        aws_secret_access_key="testing",  # noqa: S106  nobody's
    )
    made.pin_image(ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"])
    return made
