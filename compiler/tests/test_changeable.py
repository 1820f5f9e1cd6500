"""What a run may change of the hosts of the project's own targets."""

from __future__ import annotations

import pytest

from benchmark_lab.bundle import Experiment
from benchmark_lab.cli.input.project import plan_file, read_catalog
from benchmark_lab.emit import emit
from benchmark_lab.experiment import Changes
from tests.compiling import PROJECT

QUICKSTART = PROJECT / "experiments" / "quickstart.yaml"


@pytest.mark.parametrize(
    ("target", "expected"),
    [("aws-ec2", ("network", "cpus")), ("testbed", ("network",)), ("ssh", ()), ("local", ())],
)
def test_hosts_that_somebody_has_are_left_as_they_were_found(target: str, expected: tuple[str, ...]) -> None:
    plan = plan_file(QUICKSTART, read_catalog(PROJECT), Changes(target=target))
    experiment = Experiment.model_validate_json(emit(plan).files["experiment.json"])
    assert experiment.hosts.changeable == expected
