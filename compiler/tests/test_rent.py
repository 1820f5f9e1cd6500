"""What rented hosts cost at worst, before an account is asked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmark_lab.cli.input.project import plan_file, read_catalog
from benchmark_lab.emit import emit
from benchmark_lab.experiment import Changes
from benchmark_lab.plan import Plan, Rent
from benchmark_lab.store.bundles import worst_case_usd
from tests.compiling import PROJECT, experiment, plan_text

SWEEP = PROJECT / "experiments" / "workers-sweep.yaml"


def rent(plan: Plan) -> Rent:
    assert plan.rent is not None
    return plan.rent


def test_the_price_is_that_of_all_hosts_for_as_long_as_they_may_live() -> None:
    plan = plan_text(experiment("rounds: {max: 6}", target="cloud", load="{model: open, rate: 9, window: 6s}"))
    assert plan.worst_case_s == 600 + 120 + 6 * (5 + 6 + 3)
    assert (rent(plan).hosts, rent(plan).limit_s) == (3, 14 * 60)
    assert rent(plan).usd_per_hour == pytest.approx(1 + 1 + 0.5 + 3 * 0.01)
    assert plan.worst_case_usd == pytest.approx(2.53 * 14 / 60)


def test_lanes_share_the_rounds_and_each_costs_its_hosts() -> None:
    one, three = (plan_text(experiment(f"lanes: {lanes}", "rounds: {max: 10}", target="cloud")) for lanes in (1, 3))
    assert one.worst_case_s - three.worst_case_s == (10 - 4) * (5 + 20 + 3)
    assert rent(three).hosts == 3 * rent(one).hosts
    assert three.trials == one.trials


def test_hardware_values_have_their_hosts_one_after_the_other() -> None:
    shapes = ("hardware:", "  - {name: one, sut: {cpus: 2, type: m4}}", "  - {name: two, sut: {cpus: 8}}")
    plan = plan_text(experiment(*shapes, target="cloud"))
    assert rent(plan).hosts == 3
    assert rent(plan).total_s == plan.worst_case_s == pytest.approx(2 * (600 + 120 + 10 * 28))
    assert rent(plan).usd == pytest.approx((2.03 + 2.53) * rent(plan).limit_s / 3600)


def test_a_type_brings_its_cpus() -> None:
    (choice,) = plan_text(
        experiment("hardware: {sut: {cpus: 3}, load: {type: m4}}", target="cloud")
    ).experiment.hardware
    assert [choice.value.sut.cpus, choice.value.load.cpus, choice.value.db.cpus] == [3, 4, 4]
    assert [choice.value.sut.type, choice.value.load.type, choice.value.db.type] == ["m8", "m4", "m4"]


@pytest.mark.parametrize(("target", "free"), [("cloud", False), ("local", True)])
def test_a_bundle_tells_what_a_plan_told_of_its_cost(tmp_path: Path, target: str, *, free: bool) -> None:
    plan = plan_text(experiment("rounds: {max: 6}", target=target))
    for name, content in emit(plan).files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content)
    assert worst_case_usd(tmp_path) == pytest.approx(plan.worst_case_usd, rel=1e-3)
    assert (worst_case_usd(tmp_path) == 0) is free


@pytest.mark.parametrize(("lanes", "hosts"), [(1, 3), (3, 9), (10, 30)])
def test_the_shipped_sweep_fits_its_budget_with_load_hosts_that_suffice(lanes: int, hosts: int) -> None:
    plan = plan_file(SWEEP, read_catalog(PROJECT), Changes(lanes=lanes))
    assert rent(plan).hosts == hosts
    assert plan.worst_case_s <= 2 * 3600
    assert plan.worst_case_usd <= 10
    assert [note for note in plan.notes if note.startswith("Load:")] == []


def test_the_smoke_test_costs_less_than_a_dollar() -> None:
    plan = plan_file(PROJECT / "experiments" / "smoke-aws.yaml", read_catalog(PROJECT), Changes())
    assert 0 < plan.worst_case_usd < 1
    assert plan.notes[0] == "There is no interval from 2 rounds; it takes 6."
    assert [note for note in plan.notes[1:] if not note.startswith("Warm-up: 2 s of 5;")] == []


def test_a_bundle_holds_terraforms_variables_and_sources_where_hosts_are_rented() -> None:
    rented, local = (
        emit(plan_file(SWEEP, read_catalog(PROJECT), Changes(target=target))) for target in (None, "local")
    )
    variables = json.loads(rented.files["terraform.tfvars.json"])
    assert variables.keys() == {"region", "lanes", "hardware", "hours"}
    assert variables["hardware"]["default"]["load"] == {"type": "c7a.4xlarge", "architecture": "amd64", "count": 1}
    assert {"infra/aws-ec2", "infra/modules", "lab.lock"} <= {*rented.copies}
    assert "terraform.tfvars.json" not in local.files
    assert not {"infra/aws-ec2", "infra/modules", "lab.lock"} & {*local.copies}
