from dataclasses import replace

import pytest

from benchmark_lab.bundle import Hardware
from benchmark_lab.catalog import Catalog, Work
from benchmark_lab.experiment import Changes
from benchmark_lab.plan import Plan, make_plan
from benchmark_lab.resolve import resolve
from benchmark_lab.resolve.hardware import words
from benchmark_lab.source import parse
from tests.compiling import catalog, experiment, plan_text

CLOSED = "{model: closed, vus: 64}"
BETA = "implementation: go-beta, scenario: 01-ping"
"""100 µs a request: 8 CPUs serve 80,000 requests/s at most, for which k6 needs 23 CPUs."""


def planned(load_host: str, *, target: str = "rented", matrix: str = BETA, load: str = CLOSED, cpus: int = 8) -> Plan:
    hardware = f"hardware: {{sut: {{cpus: {cpus}}}, load: {load_host}}}"
    return plan_text(experiment(hardware, target=target, matrix=matrix, load=load))


def hardware(plan: Plan) -> Hardware:
    (choice,) = plan.experiment.hardware
    return choice.value


def test_load_hosts_are_counted_from_the_rate_that_the_fastest_cell_may_reach() -> None:
    plan = planned("{cpus: 4, count: auto}")
    assert hardware(plan).load.count == 6
    assert plan.notes == ()


@pytest.mark.parametrize(
    ("load", "count"),
    [
        ("{model: open, rate: 20000}", 2),
        ("{model: open, rate: [500, 20000]}", 2),
        ("{model: open, rate: 500}", 1),
        ("{model: closed, vus: 3}", 3),
    ],
)
def test_an_open_load_says_its_rate_itself_and_each_box_has_a_virtual_user(load: str, count: int) -> None:
    assert hardware(planned("{cpus: 4, count: auto}", load=load)).load.count == count


def test_a_scenario_that_costs_more_needs_less_load() -> None:
    plan = planned("{cpus: 4, count: auto}", matrix=BETA.replace("01-ping", "02-list"))
    assert hardware(plan).load.count == 3


def with_work(*, whole: bool) -> Catalog:
    """The catalog where k6 pays 35 µs for each user of the scenario's pages, of which there are 20 by default."""
    work = Work(parameter="page_size", unit="user", whole=whole, generator_cpu_us=35)
    scenario = catalog().scenarios["02-list"].model_copy(update={"work": work})
    return replace(catalog(), scenarios={**catalog().scenarios, "02-list": scenario})


LIST = "implementation: go-beta, scenario: 02-list"


@pytest.mark.parametrize(
    ("whole", "load", "cpus"),
    [
        (False, "{model: open, rate: 1000}", 2),  # 1,000 · (140 + 20 · 35) µs / 0.5
        (False, "{model: closed, vus: 100}", 68),  # 40,000 requests/s, as without that work
        (True, CLOSED, 4),  # 2,000 requests/s, for each has 20 times the work of the smallest
    ],
)
def test_what_k6_pays_for_each_piece_of_a_scenarios_work_needs_more_of_it(whole: bool, load: str, cpus: int) -> None:
    text = experiment(
        "hardware: {sut: {cpus: 8}, load: {cpus: 1, count: auto}}", target="rented", matrix=LIST, load=load
    )
    plan = make_plan(resolve(parse("example.yaml", text), with_work(whole=whole), Changes()))
    assert hardware(plan).load.count == cpus


def test_too_few_load_hosts_are_a_note_with_what_it_takes() -> None:
    (note,) = planned("{cpus: 4, count: 2}").notes
    assert note == (
        "Load: go-beta.single.w1.01-ping may reach 80,000 requests/s, for which k6 needs 23 CPUs; it has 8. "
        "What is limited by k6 is not ranked. `load: {count: 6}` has them."
    )
    assert planned("{cpus: 4, count: 6}").notes == ()


def test_on_one_machine_more_boxes_are_no_more_cpus() -> None:
    plan = planned("{cpus: 1, count: auto}", target="local", cpus=1)
    assert hardware(plan).load.count == 1
    (note,) = plan.notes
    assert note.endswith("k6 needs 3 CPUs; it has 1. What is limited by k6 is not ranked.")
    assert len(planned("{cpus: 1, count: 3}", target="local", cpus=1).notes) == 1


UNKNOWN = "implementation: python-alpha, scenario: 01-ping"


def test_boxes_that_cannot_be_counted_for_an_implementation_are_a_note() -> None:
    plan = planned("{cpus: 1, count: auto}", matrix=UNKNOWN)
    assert hardware(plan).load.count == 1
    (note,) = plan.notes
    assert note.startswith("Load: its hosts are counted without python-alpha, of whose speed no `cpu_us_per_request`")


def test_boxes_of_several_shapes_that_cannot_be_counted_are_one_note() -> None:
    load_host = "load: {cpus: 1, count: auto}"
    shapes = f"[{{name: a, sut: {{cpus: 2}}, {load_host}}}, {{name: b, sut: {{cpus: 4}}, {load_host}}}]"
    plan = plan_text(experiment(f"hardware: {shapes}", target="rented", matrix=UNKNOWN, load=CLOSED))
    assert len(plan.notes) == 1


@pytest.mark.parametrize("load", [CLOSED, "{model: open, rate: 50}"])
def test_nothing_is_said_of_an_unknown_cost_where_nothing_follows_from_it(load: str) -> None:
    count = "auto" if "open" in load else "1"
    assert "Load:" not in str(planned(f"{{cpus: 1, count: {count}}}", matrix=UNKNOWN, load=load).notes)


def test_the_plan_names_the_number_of_load_hosts() -> None:
    assert words(hardware(planned("{cpus: 4, count: 6}"))) == "sut 8 CPUs, load 6 hosts of 4 CPUs"
