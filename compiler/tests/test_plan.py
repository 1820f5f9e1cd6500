"""What the matrix, the baseline, the schedule and the flags make of an experiment."""

from __future__ import annotations

from collections import Counter

import pytest

from benchmark_lab.bundle import Load
from benchmark_lab.diagnostics import Code, EmptySelectionError, InvalidExperimentError
from benchmark_lab.experiment import Changes
from benchmark_lab.plan import Plan
from benchmark_lab.plan.duration import duration_words
from benchmark_lab.plan.selection import parse_keywords
from tests.compiling import experiment, plan_text

BOTH = "implementation: [python-alpha, go-beta], scenario: 01-ping"


def ids(plan: Plan) -> list[str]:
    return [cell.id for cell in plan.cells]


def pairs(plan: Plan) -> set[tuple[str, str]]:
    return {(contrast.baseline, contrast.candidate) for contrast in plan.contrasts}


def test_a_parameter_belongs_only_to_cells_whose_parts_declare_it() -> None:
    plan = plan_text(
        experiment(matrix="implementation: python-alpha, scenario: [01-ping, 02-list], page_size: [10, 20]")
    )
    assert ids(plan) == [
        "python-alpha.many.w1.01-ping",
        "python-alpha.many.w1.02-list.page_size=10",
        "python-alpha.many.w1.02-list.page_size=20",
    ]


def test_workers_that_become_equal_merge_with_a_note() -> None:
    plan = plan_text(experiment("workers: [4, 2*cpu]", "hardware: {sut: {cpus: 2}}"))
    assert ids(plan) == ["python-alpha.many.w4.01-ping"]
    assert "Workers `4` and `2*cpu` are both 4: measured once for python-alpha with many." in plan.notes


def test_a_cell_is_compared_with_the_nearest_baseline_cell() -> None:
    plan = plan_text(
        experiment(
            "hardware: {sut: {cpus: 2}}",
            "workers: [2, 4]",
            "baseline: {implementation: python-alpha}",
            matrix="implementation: [python-alpha, go-beta], server: [many, prefork], scenario: 01-ping",
        )
    )
    assert pairs(plan) == {
        ("python-alpha.many.w2.01-ping", "go-beta.prefork.w2.01-ping"),
        ("python-alpha.many.w4.01-ping", "go-beta.prefork.w4.01-ping"),
    }


def test_without_a_baseline_the_first_values_are_it_and_no_cell_meets_itself() -> None:
    plan = plan_text(
        experiment(
            "workers: [1, 2]", matrix="implementation: python-alpha, server: [many, solo], scenario: [01-ping, 02-list]"
        )
    )
    assert pairs(plan) == {
        (f"python-alpha.many.w1.{scenario}", f"python-alpha.{server}.{scenario}")
        for scenario in ("01-ping", "02-list")
        for server in ("solo.w1", "many.w2")
    }


def test_cells_of_other_scenario_parameters_are_never_compared() -> None:
    plan = plan_text(
        experiment(
            "baseline: {implementation: python-alpha}",
            matrix="implementation: [python-alpha, go-beta], scenario: 02-list, page_size: [10, 20]",
        )
    )
    assert pairs(plan) == {
        (f"python-alpha.many.w1.02-list.page_size={size}", f"go-beta.single.w1.02-list.page_size={size}")
        for size in (10, 20)
    }


def test_a_baseline_that_names_hardware_or_a_parameter_compares_its_values() -> None:
    plan = plan_text(
        experiment(
            "hardware: [{name: small, sut: {cpus: 1}}, {name: large, sut: {cpus: 2}}]",
            "workers: 1",
            "baseline: {hardware: small, page_size: 10}",
            matrix="implementation: [python-alpha, go-beta], scenario: 02-list, page_size: [10, 20]",
        )
    )
    assert pairs(plan) == {
        (f"{server}.w1.02-list.page_size=10.small", f"{server}.w1.02-list.page_size={size}.{hardware}")
        for server in ("python-alpha.many", "go-beta.single")
        for size, hardware in ((20, "small"), (10, "large"), (20, "large"))
    }


@pytest.mark.parametrize(("arrivals", "vus"), [("uniform", 100), ("poisson", 350)])
def test_who_waits_to_arrive_is_no_virtual_user_that_the_experiment_counts(arrivals: str, vus: int) -> None:
    (cell,) = plan_text(experiment(load=f"{{model: open, rate: 1000, vus: 100, arrivals: {arrivals}}}")).cells
    assert isinstance(cell.load, Load)
    assert cell.load.vus == vus


def test_cells_without_a_baseline_cell_are_told() -> None:
    plan = plan_text(
        experiment(
            "baseline: {implementation: python-alpha, scenario: 01-ping}",
            matrix="implementation: [python-alpha, go-beta], scenario: [01-ping, 02-list]",
        )
    )
    assert len(plan.contrasts) == 1
    assert any(note.startswith("2 cells without a baseline cell") for note in plan.notes)


def test_each_round_holds_each_cell_once_and_the_seed_alone_decides_the_order() -> None:
    matrix = "implementation: python-alpha, scenario: 02-list, page_size: [1, 2, 3, 4, 5, 6, 7, 8]"
    first, again, other = (plan_text(experiment(f"seed: {seed}", matrix=matrix)).blocks for seed in (1, 1, 2))
    assert first == again
    assert first != other
    assert len(set(first[0].rounds)) == 10
    assert all(sorted(order) == list(range(8)) for order in first[0].rounds)


def test_more_rounds_leave_those_before_them_as_they_are() -> None:
    few, many = (plan_text(experiment(f"rounds: {{max: {n}}}", matrix=BOTH)).blocks[0].rounds for n in (6, 20))
    assert many[:6] == few


def test_orders_are_fair() -> None:
    rounds = plan_text(experiment("rounds: {max: 1000}", matrix=BOTH)).blocks[0].rounds
    assert 400 < Counter(rounds)[0, 1] < 600


def test_the_scenario_sets_the_database_connections() -> None:
    plan = plan_text(experiment(matrix="implementation: python-alpha, scenario: [01-ping, 02-list], pool_size: 99"))
    assert [cell.env["DB_POOL_TOTAL"] for cell in plan.cells] == ["16", "99"]


def test_the_worst_case_counts_every_trial_and_the_set_up() -> None:
    plan = plan_text(experiment("rounds: {max: 6}", matrix=BOTH, load="{model: open, rate: 9, warmup: 2s, window: 4s}"))
    assert plan.worst_case_s == 120 + 6 * 2 * (2 + 4 + 3)
    assert duration_words(plan.worst_case_s) == "4 min"
    assert duration_words(3600 * 2 + 1) == "2 h 1 min"


@pytest.mark.parametrize("target", ["local", "cloud"])
def test_load_hosts_agree_twice_in_each_trial_on_a_time_to_begin_at(target: str) -> None:
    one, five = (
        plan_text(experiment("rounds: {max: 10}", f"hardware: {{load: {{count: {count}}}}}", target=target))
        for count in (1, 5)
    )
    assert five.worst_case_s - one.worst_case_s == pytest.approx(10 * 2 * (0.5 + 5 * 0.05))


def test_flags_shorten_a_run_and_the_notes_say_so() -> None:
    source = experiment("rounds: {min: 6, max: 10, until: {ci_half_width: 3%}}", target="rented", matrix=BOTH)
    plan = plan_text(source, Changes(target="local", rounds=2, window_s=5.0))
    assert plan.experiment.rounds.model_dump() == {"min": 2, "max": 2, "ci_half_width": None}
    assert plan.experiment.load.window_s == 5
    assert plan.notes == (
        "Measured on target local; the experiment asks for rented.",
        "Shortened to 2 rounds; the experiment asks for 6 to 10 rounds.",
        "Shortened to windows of 5s; the experiment asks for 20s.",
        "There is no interval from 2 rounds; it takes 6.",
    )


def test_more_rounds_and_longer_windows_are_no_note() -> None:
    assert plan_text(experiment(), Changes(rounds=20, window_s=60.0)).notes == ()


@pytest.mark.parametrize(
    ("load", "workers", "said"),
    [
        ("rate: 200", 1, None),
        ("rate: 200", 2, "python-alpha.many.w2.01-ping gets 1,000 requests of 2,000 for 2 workers"),
        ("rate: 500, warmup: 2s", 1, "2 s of 5"),
        ("rate: 400, warmup: 2s", 1, "2 s of 5; python-alpha.many.w1.01-ping gets 800 requests of 1,000 for 1 worker"),
    ],
)
def test_a_warmup_that_leaves_a_server_cold_is_a_note(load: str, workers: int, said: str | None) -> None:
    notes = plan_text(experiment(f"workers: {workers}", load=f"{{model: open, {load}}}")).notes
    assert notes == ((f"Warm-up: {said}. The figures may be those of a cold server.",) if said else ())


def test_a_rehearsal_takes_the_other_targets_hosts_and_lanes() -> None:
    source = experiment("hardware: {sut: {cpus: 8, type: m8}, load: {count: 3}}", "lanes: 3", target="aws-ec2")
    plan = plan_text(source, Changes(target="local"))
    assert [choice.value.sut.cpus for choice in plan.experiment.hardware] == [1]
    assert plan.experiment.lanes == 1
    assert any("has no choice of type" in note for note in plan.notes)


def test_only_keeps_cells_and_what_can_still_be_compared() -> None:
    source = experiment(
        "criteria: [throughput_rps(implementation=go-beta) > 1, throughput_rps > 1]",
        matrix="implementation: [python-alpha, go-beta], scenario: [01-ping, 02-list]",
    )
    plan = plan_text(source, Changes(only=(("implementation", "python-alpha"),)))
    assert ids(plan) == ["python-alpha.many.w1.01-ping", "python-alpha.many.w1.02-list"]
    assert plan.contrasts == ()
    assert [criterion.text for criterion in plan.criteria] == ["throughput_rps > 1"]
    assert plan.notes == (
        "Measured 2 of the experiment's 4 cells.",
        "Left out 1 of the experiment's criteria: they speak of cells that are not measured.",
    )


def test_only_takes_alternatives_of_one_axis_and_all_of_several() -> None:
    source = experiment(matrix="implementation: [python-alpha, go-beta], scenario: 02-list, page_size: [1, 2, 3]")
    only = (("page_size", "1"), ("page_size", "3"), ("server", "single"))
    assert ids(plan_text(source, Changes(only=only))) == [
        "go-beta.single.w1.02-list.page_size=1",
        "go-beta.single.w1.02-list.page_size=3",
    ]


def test_selecting_nothing_is_an_error_of_its_own() -> None:
    with pytest.raises(EmptySelectionError, match="--only server=solo selects none of the 1 cells") as raised:
        plan_text(experiment(), Changes(only=(("server", "solo"),)))
    assert raised.value.exit_code == 5


def test_an_unknown_axis_in_a_flag_suggests_the_nearest() -> None:
    with pytest.raises(InvalidExperimentError) as raised:
        plan_text(experiment(), Changes(only=(("sever", "solo"),)))
    (diagnostic,) = raised.value.diagnostics
    assert (diagnostic.code, diagnostic.span, diagnostic.label) == (Code.UNKNOWN_AXIS, None, "did you mean `server`?")


def test_an_unknown_target_in_a_flag_is_no_fault_of_the_file() -> None:
    with pytest.raises(InvalidExperimentError, match="unknown target `locl`") as raised:
        plan_text(experiment(), Changes(target="locl"))
    assert raised.value.diagnostics[0].span is None


@pytest.mark.parametrize(
    ("keywords", "matches"),
    [
        ("alpha", True),
        ("ALPHA", True),
        ("alpha and w4", True),
        ("w", True),
        ("alpha and w40", False),
        ("w1", False),
        ("page_size=5", False),
        ("page_size=50", True),
        ("not alpha", False),
        ("not (beta or w1)", True),
        ("beta or alpha and w4", True),
        ("(beta or alpha) and w1", False),
        ("not not alpha", True),
    ],
)
def test_keywords_select_like_pytests(keywords: str, matches: bool) -> None:
    assert parse_keywords(keywords)("python-alpha.many.w4.02-list.page_size=50") is matches


@pytest.mark.parametrize("keywords", ["and", "alpha and", "(alpha", "alpha)", "not", "alpha beta"])
def test_keywords_that_cannot_be_read_are_refused(keywords: str) -> None:
    with pytest.raises(InvalidExperimentError, match="cannot be read"):
        parse_keywords(keywords)
