"""Synthetic runs of known truth: what their summaries say, and what they refuse to say."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import pytest
from pydantic import ValidationError

from benchmark_lab.apply.stopping import may_end
from benchmark_lab.bundle import Arithmetic, Cell, Criterion, LiteralNumber, MetricRef, RoundCount
from benchmark_lab.cli.apply import exit_code
from benchmark_lab.records import CellSummary, MetricComparison, Reason, SearchResult, Summary, Trial
from benchmark_lab.report.figures import NONE, figure, percent
from benchmark_lab.report.markdown import render
from benchmark_lab.report.tables import cells_table, criteria_table, warnings_table
from benchmark_lab.results.cells import summarise_cells
from benchmark_lab.results.criteria import evaluate
from benchmark_lab.results.metrics import unranked_reason
from benchmark_lab.store.reading import read_trials
from tests.synthetic import CLOSED, OPEN, cell, closed, experiment, facts, invalid, matrix, summarise, trial, trials

GOLDEN = Path(__file__).parent / "golden"

FASTAPI, FIBER = cell("python-fastapi"), cell("go-fiber")
PAIR = (FASTAPI, FIBER)
ONE_CONTRAST = experiment(contrasts=[PAIR])
TRUTH = {of.id: 420.0 if of.implementation == "python-fastapi" else 130.0 for of in matrix()}


def comparison(summary: Summary, metric: str) -> MetricComparison:
    (found,) = (c for c in summary.comparisons if c.metric == metric)
    return found


def quick(found: Sequence[Trial]) -> Summary:
    return summarise(ONE_CONTRAST, PAIR, found, facts())


def test_a_known_ratio_is_found_although_rounds_drift() -> None:
    cpu = comparison(quick(trials(TRUTH, PAIR, 10, noise=0.03, drift=0.4)), "sut_cpu_us_per_request")
    assert cpu.low is not None
    assert cpu.high is not None
    assert cpu.low < 130 / 420 < cpu.high
    assert (cpu.answer, cpu.paired, cpu.n, cpu.ranked) == ("lower", True, 10, True)
    assert cpu.bootstrap_low == pytest.approx(cpu.low, rel=0.03)


def test_the_order_of_trials_changes_nothing() -> None:
    found = trials(TRUTH, PAIR, 8)
    assert quick(found[::-1]).comparisons == quick(found).comparisons


def test_only_rounds_with_two_valid_trials_are_paired() -> None:
    found = [*trials(TRUTH, PAIR, 7)]
    found[0] = invalid(FASTAPI, 0, "errors", sut_cpu_us_per_request=9e9)
    found[3] = invalid(FIBER, 1, "errors", "dropped-iterations", sut_cpu_us_per_request=9e9)
    summary = quick(found)
    assert comparison(summary, "sut_cpu_us_per_request").n == 5
    assert comparison(summary, "sut_cpu_us_per_request").answer == "no interval"
    assert comparison(summary, "sut_cpu_us_per_request").ratio == pytest.approx(130 / 420, rel=0.05)
    fiber = summary.cells[1]
    assert (fiber.trials, fiber.valid) == (7, 6)
    assert fiber.invalid_reasons == {"errors": 1, "dropped-iterations": 1}
    assert fiber.invalid_evidence["errors"] == "the figures of errors"
    assert fiber.metrics["sut_cpu_us_per_request"].median < 200


def test_probes_are_no_rounds() -> None:
    found = trials(TRUTH, PAIR, 7)
    probes = [t.model_copy(update={"purpose": "probe"}) for t in found[2:]]
    summary = quick([*found[:2], *probes])
    assert comparison(summary, "sut_cpu_us_per_request").n == 1
    assert summary.measuring_share == pytest.approx(2 * 25 / 688)
    assert summary.overhead_per_trial_s == pytest.approx((688 - 50) / 2)
    asked = experiment(contrasts=[PAIR], rounds=RoundCount(min=6, max=20, ci_half_width=0.5))
    assert not may_end(asked, summary.cells, [*found[:2], *probes], ())


def test_an_inconclusive_comparison_says_the_rounds_needed() -> None:
    cpu = comparison(quick(trials(dict.fromkeys(TRUTH, 420.0), PAIR, 6, noise=0.1)), "sut_cpu_us_per_request")
    assert cpu.answer == "inconclusive"
    assert cpu.rounds_needed is not None
    assert cpu.rounds_needed > 6


def test_p99_of_a_shared_host_is_not_ranked_but_elsewhere_it_is() -> None:
    found = [t.model_copy(update={"latency_p99_ms": t.latency_p90_ms}) for t in trials(TRUTH, PAIR, 6)]
    shared = comparison(summarise(ONE_CONTRAST, PAIR, found, facts()), "latency_p99_ms")
    assert (shared.ranked, shared.answer, shared.p_value_holm) == (False, "not ranked", None)
    assert shared.ratio is not None
    own = comparison(summarise(ONE_CONTRAST, PAIR, found, facts(labels=())), "latency_p99_ms")
    assert (own.ranked, own.answer) == (True, "lower")


def test_a_metric_that_no_trial_has_is_not_compared() -> None:
    assert "latency_p99_ms" not in {c.metric for c in quick(trials(TRUTH, PAIR, 6)).comparisons}


def closed_summary(found: Sequence[Trial]) -> Summary:
    return summarise(experiment(CLOSED, contrasts=[PAIR]), closed(PAIR), found, facts())


def test_a_closed_load_ranks_throughput_and_no_latency() -> None:
    summary = closed_summary(trials(TRUTH, PAIR, 6, model="closed"))
    assert comparison(summary, "throughput_rps").answer == "higher"
    assert comparison(summary, "latency_p50_ms").unranked_reason == "closed loop, not ranked"
    assert "go-fiber is faster than python-fastapi (throughput 3." in summary.answer


def test_an_orm_is_not_ranked_against_another_frameworks_plain_statements() -> None:
    raw, orm = (
        CellSummary(cell=name, axes={"implementation": name, **way}, trials=6, valid=6)
        for name, way in (("python-fastapi", {}), ("python-django", {"data_access": "orm"}))
    )
    own = orm.model_copy(update={"axes": {"implementation": "python-django", "data_access": "raw"}})
    reason = unranked_reason("sut_cpu_us_per_request", "open", (), (raw, orm))
    assert reason == "data_access orm against raw"
    assert unranked_reason("sut_cpu_us_per_request", "open", (), (own, orm)) is None


@pytest.mark.parametrize(("label", "ranked"), [("", False), (" (small)", False), (" (large)", True)])
def test_throughput_of_a_server_that_shares_cpus_with_its_generator_is_not_ranked(label: str, *, ranked: bool) -> None:
    labels = (f"sut-and-load-share-cpus{label}",)
    cells = summarise_cells(closed(PAIR), trials(TRUTH, PAIR, 6, model="closed"), {})
    reason = unranked_reason("throughput_rps", "closed", labels, (cells[0], cells[1]))
    assert reason == (None if ranked else "server and generator share CPUs")


def test_throughput_that_something_else_limited_is_a_bound_and_not_ranked() -> None:
    found = [
        t.model_copy(update={"bottleneck": "unknown"}) if t.cell == FIBER.id else t
        for t in trials(TRUTH, PAIR, 6, model="closed")
    ]
    summary = closed_summary(found)
    throughput = comparison(summary, "throughput_rps")
    assert (throughput.ranked, throughput.unranked_reason) == (False, "a lower bound: limit unknown")
    assert summary.answer.startswith(
        "On this host (01-lightweight; closed, 32 virtual users; 95 % intervals): throughput is not ranked"
    )
    assert cells_table(summary).rows[1][1].endswith("\nlimit unknown")


def test_a_closed_loads_cells_say_what_limited_them_most_frequent_first() -> None:
    found = [
        t.model_copy(update={"bottleneck": "db" if t.round == 0 else "pool"}) if t.cell == FIBER.id else t
        for t in trials(TRUTH, PAIR, 6, model="closed")
    ]
    table = cells_table(closed_summary(found))
    column = table.columns.index("bottleneck")
    assert [row[column] for row in table.rows] == ["sut-cpu", "pool 5, db 1"]


def test_cells_that_nothing_is_known_to_limit_have_no_column_for_it() -> None:
    table = cells_table(quick(trials(TRUTH, PAIR, 6)))
    assert "bottleneck" not in table.columns
    assert {len(row) for row in table.rows} == {len(table.columns)}


def test_a_cell_without_a_limit_beside_one_that_has_it_shows_none() -> None:
    table = cells_table(closed_summary(trials(TRUTH, (FASTAPI,), 6, model="closed")))
    assert table.rows[1][table.columns.index("bottleneck")] == NONE


def test_a_cell_that_only_the_generator_spoilt_shows_its_lower_bound() -> None:
    limited = [
        invalid(FIBER, n, "generator-limited", model="closed", throughput_rps=9_100.0 + n, bottleneck="generator")
        for n in range(6)
    ]
    summary = closed_summary([*trials(TRUTH, (FASTAPI,), 6, model="closed"), *limited])
    assert cells_table(summary).rows[1][1] == "≥ 9,102\ngenerator-limited"
    assert cells_table(summary).rows[1][-1] == "0 of 6 valid\ngenerator-limited 6"
    assert comparison(summary, "throughput_rps").answer == "not ranked"


def test_throughput_of_which_the_fast_part_was_held_back_is_a_bound() -> None:
    found = trials(TRUTH, PAIR, 10, model="closed")
    held = [
        t.model_copy(update={"verdict": "invalid", "reasons": (Reason(code="generator-limited", evidence="99 %"),)})
        if t.cell == FIBER.id and t.round < 4
        else t
        for t in found
    ]
    summary = closed_summary(held)
    fiber = summary.cells[1]
    assert fiber.bottlenecks == {"sut-cpu": 6, "generator": 4}
    assert fiber.throughput_at_least_rps == pytest.approx(1e6 / 130, rel=0.1)
    assert cells_table(summary).rows[1][1].endswith("\ngenerator-limited")
    assert comparison(summary, "throughput_rps").unranked_reason == "a lower bound: generator-limited"


def test_a_further_reason_does_not_hide_that_the_fast_part_was_held_back() -> None:
    two = tuple(Reason(code=code, evidence="") for code in ("generator-limited", "no-steady-state"))
    found = [
        t.model_copy(update={"verdict": "invalid", "reasons": two, "throughput_rps": 9_800.0})
        if t.cell == FIBER.id and t.round < 6
        else t
        for t in trials(TRUTH, PAIR, 12, model="closed")
    ]
    summary = closed_summary(found)
    fiber = summary.cells[1]
    assert fiber.bottlenecks == {"generator": 6, "sut-cpu": 6}
    assert fiber.throughput_at_least_rps == pytest.approx(1e6 / 130, rel=0.1), "an unstable throughput is no bound"
    assert comparison(summary, "throughput_rps").unranked_reason == "a lower bound: generator-limited"


def test_what_the_database_held_back_is_a_bound_whatever_its_trials_name() -> None:
    limited = [
        invalid(FIBER, n, "db-limited", model="closed", throughput_rps=4_000.0, bottleneck="pool") for n in range(6)
    ]
    summary = closed_summary([*trials(TRUTH, (FASTAPI,), 6, model="closed"), *limited])
    assert cells_table(summary).rows[1][1] == "≥ 4,000\ndb-limited"


def test_latency_at_a_share_of_a_lower_bound_is_not_ranked_but_cpu_per_request_is() -> None:
    why = "utilisation not known: its rate is a share of a lower bound"
    known = facts(unequal_utilisation={FIBER.id: why})
    found = trials(TRUTH, PAIR, 6)
    summary = summarise(ONE_CONTRAST, PAIR, found, known)
    assert [cell.unequal_utilisation for cell in summary.cells] == [None, why]
    assert comparison(summary, "latency_p50_ms").unranked_reason == why
    assert comparison(summary, "sut_cpu_us_per_request").answer == "lower"


def test_a_latency_that_is_not_ranked_is_not_waited_for() -> None:
    asked = experiment(contrasts=[PAIR], rounds=RoundCount(min=6, max=20, ci_half_width=0.03))
    restless = (1.0, 2.0, 4.0, 1.0, 2.0, 4.0)
    found = [
        t.model_copy(update={"latency_p50_ms": restless[t.round]}) if t.cell == FIBER.id else t
        for t in trials(TRUTH, PAIR, 6, noise=0.002)
    ]
    assert not may_end(asked, summarise_cells(PAIR, found, {}), found, ())
    unequal = summarise_cells(PAIR, found, {}, unequal_utilisation={FIBER.id: "its rate is a share of a lower bound"})
    assert may_end(asked, unequal, found, ())


def test_equal_rates_that_differ_are_not_ranked() -> None:
    one, other = (
        CellSummary(cell="a", axes={"implementation": "a", "load": step}, load=rate, trials=6, valid=6)
        for step, rate in (("equal-rate", "500 requests/s"), ("equal-rate", "700 requests/s"))
    )
    reason = unranked_reason("latency_p50_ms", "open", (), (one, other))
    assert reason == "other load: 700 requests/s against 500 requests/s"
    own = [cell.model_copy(update={"axes": {"implementation": "a", "load": "own-rate"}}) for cell in (one, other)]
    assert unranked_reason("latency_p50_ms", "open", (), (own[0], own[1])) is None


@pytest.mark.parametrize(
    ("search", "answer", "code"),
    [
        ({"last_pass_rps": 400, "first_fail_rps": 410}, "keeps it at 400 and not at 410 requests/s.", 0),
        ({"last_pass_rps": None, "first_fail_rps": 90}, "did not keep it at 90.0 requests/s, nor at less.", 0),
        ({"last_pass_rps": None, "first_fail_rps": None}, "Nothing can be said: no cell has a valid result", 4),
    ],
)
def test_a_search_without_a_rate_blames_nobody(search: dict[str, int | None], answer: str, code: int) -> None:
    found = SearchResult.model_validate(
        {**search, "lower_bound": False, "probes": 5, "confirmations": 0, "end": "probes-spent"}
    )
    ladder = [trial(FIBER, n, "closed", purpose="probe", throughput_rps=6_000.0) for n in range(3)]
    summary = summarise(experiment(contrasts=[]), (FIBER,), ladder, facts(searches={FIBER.id: found}))
    assert answer in summary.answer
    assert exit_code(summary) == code
    (row,) = cells_table(summary).rows
    assert "≥" not in row[1]


def test_cells_of_different_hardware_are_compared_unpaired() -> None:
    large = cell("go-fiber", hardware="large")
    found = trials(TRUTH | {large.id: 65.0}, (FIBER, large), 8, drift=0)
    summary = summarise(experiment(contrasts=[(FIBER, large)]), (FIBER, large), found, facts())
    cpu = comparison(summary, "sut_cpu_us_per_request")
    assert (cpu.paired, cpu.n, cpu.answer) == (False, 8, "lower")


def test_holm_corrects_over_all_ranked_comparisons() -> None:
    summary = summarise(experiment(), matrix(), trials(TRUTH, matrix(), 6), facts())
    ranked = [c for c in summary.comparisons if c.ranked]
    assert len(ranked) == 6
    smallest = min(ranked, key=lambda c: c.p_value or 1)
    assert smallest.p_value is not None
    assert smallest.p_value_holm == pytest.approx(6 * smallest.p_value)


HERE = "On this host (01-lightweight; open, 300 requests/s): "


@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        ([], "Nothing can be said: no cell has a valid result (not measured 2)."),
        (
            [invalid(of, n, "dropped-iterations") for of in PAIR for n in range(6)],
            "Nothing can be said: no cell has a valid result (dropped-iterations 12).",
        ),
        (
            [trial(of, n, sut_cpu_us_per_request=TRUTH[of.id]) for of in PAIR for n in range(2)],
            f"{HERE}go-fiber against python-fastapi has no interval, which takes 6 rounds "  # noqa: ISC004  one sentence
            "(CPU per request 0.310 times, 2 rounds).",
        ),
        (
            [trial(FASTAPI, n, sut_cpu_us_per_request=420.0) for n in range(6)]
            + [invalid(FIBER, n, "errors") for n in range(6)],
            f"{HERE}go-fiber and python-fastapi were never valid in the same round (CPU per request); "  # noqa: ISC004
            "1 of 2 cells have no valid result (errors 6).",
        ),
    ],
)
def test_the_answer_says_plainly_what_it_cannot_say(found: list[Trial], sentence: str) -> None:
    assert quick(found).answer == sentence


def test_the_answer_says_when_it_is_undecided_and_how_many_rounds_would_decide() -> None:
    answer = quick(trials(dict.fromkeys(TRUTH, 420.0), PAIR, 6, noise=0.1)).answer
    assert "the rounds do not decide between go-fiber and python-fastapi (CPU per request" in answer
    assert "rounds would)" in answer


def test_many_comparisons_are_counted_and_their_two_ends_named() -> None:
    pairs = [(cell("python-fastapi", workers=n), cell("go-fiber", workers=n)) for n in range(1, 6)]
    cells = [of for pair in pairs for of in pair]
    truth = {of.id: 420.0 if of.implementation == "python-fastapi" else 100.0 + 10 * of.workers for of in cells}
    answer = summarise(experiment(contrasts=pairs), cells, trials(truth, cells, 6, noise=0.01), facts()).answer
    assert "CPU per request compared 5 times: lower 5, from 0.26" in answer
    assert "times (go-fiber against python-fastapi for 1 worker) to 0.35" in answer


def test_an_experiment_without_contrasts_is_answered_by_its_medians() -> None:
    summary = summarise(experiment(contrasts=[]), PAIR, trials(TRUTH, PAIR, 6), facts())
    assert "nothing was to be compared; python-fastapi CPU per request 4" in summary.answer


def test_a_table_of_few_rounds_has_medians_without_intervals() -> None:
    table = cells_table(quick(trials(TRUTH, PAIR, 3)))
    row = table.rows[0]
    assert "to" not in "".join(row)
    assert row[table.columns.index("p99 ms")] == "\N{EN DASH}"  # 6,000 requests are too few for a p99


def test_a_cell_that_was_never_measured_says_why() -> None:
    excluded = {FIBER.id: "conformance: echo-validation failed"}
    summary = summarise(ONE_CONTRAST, PAIR, trials(TRUTH, (FASTAPI,), 6), facts(excluded=excluded))
    assert cells_table(summary).rows[1][-1] == "excluded\nconformance: echo-validation failed"


def warned(of: Cell, rounds: Sequence[int], code: str, found: Sequence[Trial]) -> list[Trial]:
    """The trials with a warning on this cell's in these rounds."""
    return [
        t.model_copy(update={"warnings": (*t.warnings, Reason(code=code, evidence=f"{code} of round {t.round}"))})
        if t.cell == of.id and t.round in rounds
        else t
        for t in found
    ]


def test_a_warning_stands_with_its_cell_and_the_figures_of_its_first_trial() -> None:
    found = warned(FIBER, (2, 4), "imbalanced-workers", trials(TRUTH, PAIR, 6))
    assert warnings_table(quick(found)).rows == (
        ("imbalanced-workers", "go-fiber", "2 of 6", "imbalanced-workers of round 2"),
    )


def test_a_warning_on_all_cells_is_one_row() -> None:
    found = warned(FIBER, range(6), "checkpoint", trials(TRUTH, PAIR, 6))
    found = warned(FASTAPI, (5,), "checkpoint", found)
    assert warnings_table(quick(found)).rows == (("checkpoint", "all", "7 of 12", "checkpoint of round 5"),)


def test_warnings_on_trials_that_do_not_count_are_not_shown() -> None:
    found = [*trials(TRUTH, (FASTAPI,), 6), *(invalid(FIBER, n, "errors") for n in range(6))]
    assert warnings_table(quick(warned(FIBER, range(6), "checkpoint", found))).rows == ()


def test_time_outside_warm_up_and_windows_is_counted_from_the_rounds_wall_time() -> None:
    summary = quick(trials(TRUTH, PAIR, 6))  # 12 trials of 25 s in 688 s
    assert summary.measuring_share == pytest.approx(300 / 688)
    assert summary.overhead_per_trial_s == pytest.approx(388 / 12)
    assert summary.rounds_done == 6


def test_half_a_round_is_no_round_done() -> None:
    assert quick(trials(TRUTH, PAIR, 6)[:-1]).rounds_done == 5


def throughput_of(implementation: str) -> MetricRef:
    return MetricRef(name="throughput_rps", where={"implementation": implementation})


def test_criteria_are_evaluated_over_medians() -> None:
    at_least = Criterion(
        text="throughput_rps(implementation=go-fiber) >= 2 * throughput_rps(implementation=python-fastapi)",
        operator=">=",
        left=throughput_of("go-fiber"),
        right=Arithmetic(operator="*", left=LiteralNumber(value=2), right=throughput_of("python-fastapi")),
    )
    unknown = Criterion(text="…", operator="<", left=throughput_of("node-express"), right=LiteralNumber(value=1))
    asked = experiment(CLOSED, contrasts=[PAIR], criteria=(at_least, unknown))
    held, undecided = summarise(asked, closed(PAIR), trials(TRUTH, PAIR, 6, model="closed"), facts()).criteria
    assert held.held is True
    assert held.left == pytest.approx(1e6 / 130, rel=0.1)
    assert held.right == pytest.approx(2e6 / 420, rel=0.1)
    assert undecided.held is None


def test_a_bound_decides_no_criterion() -> None:
    faster = Criterion(
        text="throughput_rps(implementation=go-fiber) > throughput_rps(implementation=python-fastapi)",
        operator=">",
        left=throughput_of("go-fiber"),
        right=throughput_of("python-fastapi"),
    )
    found = [
        t.model_copy(update={"bottleneck": "unknown"}) if t.cell == FASTAPI.id else t
        for t in trials(TRUTH, PAIR, 6, model="closed")
    ]
    asked = experiment(CLOSED, contrasts=[PAIR], criteria=(faster,))
    summary = summarise(asked, closed(PAIR), found, facts())
    (undecided,) = summary.criteria
    assert (undecided.held, undecided.left is None, undecided.right) == (None, False, None)
    assert exit_code(summary) == 4


def of_each(name: str, operator: Literal["<", ">"]) -> Criterion:
    """That Fiber has less, or more, of a metric than FastAPI."""
    left, right = (MetricRef(name=name, where={"implementation": of}) for of in ("go-fiber", "python-fastapi"))
    return Criterion(text=f"go-fiber {operator} python-fastapi", operator=operator, left=left, right=right)


def test_a_criterion_that_ranks_what_the_method_does_not_is_undecided_with_the_reason() -> None:
    latency = of_each("latency_p50_ms", "<")
    asked = experiment(CLOSED, contrasts=[PAIR], criteria=(latency,))
    summary = summarise(asked, closed(PAIR), trials(TRUTH, PAIR, 6, model="closed"), facts())
    (undecided,) = summary.criteria
    assert (undecided.held, undecided.unranked_reason) == (None, "closed loop, not ranked")
    assert undecided.left is not None
    assert criteria_table(summary).rows[0][-1] == "undecided: closed loop, not ranked"


def test_cells_within_a_sum_are_compared_too() -> None:
    latency = of_each("latency_p50_ms", "<")
    share = Arithmetic(operator="/", left=latency.left, right=latency.right)
    less = Criterion(text="…", operator="<", left=share, right=LiteralNumber(value=1))
    cells = summarise_cells(closed(PAIR), trials(TRUTH, PAIR, 6, model="closed"), {})
    assert evaluate(less, cells, ()).unranked_reason == "closed loop, not ranked"


@pytest.mark.parametrize(
    ("metric", "labels", "held"),
    [
        ("sut_cpu_us_per_request", ("shared-host",), True),
        ("latency_p50_ms", ("shared-host",), True),
        ("latency_p99_ms", ("shared-host",), None),
        ("latency_p99_ms", (), True),
        ("throughput_rps", (), None),
    ],
)
def test_a_criterion_ranks_under_open_load_what_comparisons_do(
    metric: str, labels: tuple[str, ...], *, held: bool | None
) -> None:
    found = [t.model_copy(update={"latency_p99_ms": t.latency_p90_ms}) for t in trials(TRUTH, PAIR, 6)]
    assert evaluate(of_each(metric, "<"), summarise_cells(PAIR, found, {}), labels).held is held


def test_a_criterion_about_one_cell_alone_ranks_nothing() -> None:
    latency = MetricRef(name="latency_p50_ms", where={"implementation": "go-fiber"})
    quick_enough = Criterion(text="…", operator="<", left=latency, right=LiteralNumber(value=50))
    cells = summarise_cells(closed(PAIR), trials(TRUTH, PAIR, 6, model="closed"), {})
    assert evaluate(quick_enough, cells, ("shared-host",)).held is True
    everywhere = quick_enough.model_copy(update={"left": MetricRef(name="latency_p50_ms", where={})})
    assert evaluate(everywhere, cells, ("shared-host",)).held is True


def test_cells_are_ranked_with_those_of_their_own_scenario_alone() -> None:
    rates = {"01-lightweight": "500 requests/s", "03-db-read": "90 requests/s"}
    found = trials(TRUTH, matrix(), 6)
    cells = [
        of.model_copy(update={"axes": {**of.axes, "load": "equal-rate"}, "load": rates[str(of.axes["scenario"])]})
        for of in summarise_cells(matrix(), found, {})
    ]
    cheaper = of_each("sut_cpu_us_per_request", "<")
    assert evaluate(cheaper, cells, ()).held is True
    other = [cells[0].model_copy(update={"load": "700 requests/s"}), *cells[1:]]
    assert evaluate(cheaper, other, ()).unranked_reason == "other load: 500 requests/s against 700 requests/s"


def test_a_retired_cell_decides_no_criterion() -> None:
    found = trials(TRUTH, PAIR, 6, model="closed")
    cells = summarise_cells(closed(PAIR), found, {FIBER.id: "it fails conformance (echo)"})
    faster = of_each("throughput_rps", ">")
    result = evaluate(faster, cells, ())
    assert (result.left, result.held, result.unranked_reason) == (None, None, "retired: it fails conformance (echo)")
    alone = faster.model_copy(update={"right": LiteralNumber(value=1)})
    assert evaluate(alone, cells, ()).held is None


@pytest.mark.parametrize(
    ("share", "words"), [(0.0312, "3.1 %"), (0.0999, "10 %"), (0.12, "12 %"), (0.996, "100 %"), (1.5, "150 %")]
)
def test_a_share_has_no_exponent(share: float, words: str) -> None:
    assert percent(share) == words


@pytest.mark.parametrize(("value", "words"), [(99.9, "99.9"), (99.97, "100"), (9.997, "10.0"), (1234.5, "1,234")])
def test_a_figure_has_about_three_digits(value: float, words: str) -> None:
    assert figure(value) == words


def test_one_hardware_stops_without_waiting_for_another() -> None:
    large = (cell("python-fastapi", hardware="large"), cell("go-fiber", hardware="large"))
    asked = experiment(contrasts=[PAIR, large], rounds=RoundCount(min=6, max=20, ci_half_width=0.03))
    found = trials(TRUTH, PAIR, 6, noise=0.002)
    assert may_end(asked, summarise_cells(PAIR, found, {}), found, ())


@pytest.mark.parametrize(("noise", "rounds", "enough"), [(0.002, 6, True), (0.2, 6, False), (0.002, 5, False)])
def test_a_run_stops_early_only_when_every_contrast_is_precise(*, noise: float, rounds: int, enough: bool) -> None:
    asked = experiment(contrasts=[PAIR], rounds=RoundCount(min=6, max=20, ci_half_width=0.03))
    found = trials(TRUTH, PAIR, rounds, noise=noise)
    cells = summarise_cells(PAIR, found, {})
    assert may_end(asked, cells, found, ("shared-host",)) is enough


def test_without_a_half_width_only_lost_trials_ask_for_more_rounds() -> None:
    asked = experiment(contrasts=[PAIR], rounds=RoundCount(min=6, max=8))
    noisy = trials(TRUTH, PAIR, 7, noise=2.0)
    assert may_end(asked, summarise_cells(PAIR, noisy, {}), noisy, ())
    lost = [trial.model_copy(update={"verdict": "invalid"}) if trial is noisy[3] else trial for trial in noisy]
    assert may_end(asked, summarise_cells(PAIR, lost, {}), lost, ())
    for found in (lost[:12], noisy[:10]):
        assert not may_end(asked, summarise_cells(PAIR, found, {}), found, ())
    alone = experiment(contrasts=[], rounds=RoundCount(min=6, max=8))
    assert not may_end(alone, summarise_cells(PAIR, lost[:12], {}), lost[:12], ())


def test_a_contrast_that_cannot_be_measured_is_not_waited_for() -> None:
    other = (cell("python-fastapi", "03-db-read"), cell("go-fiber", "03-db-read"))
    asked = experiment(contrasts=[PAIR, other], rounds=RoundCount(min=6, max=20, ci_half_width=0.03))
    found = trials(TRUTH, (*PAIR, other[0]), 6, noise=0.002)
    cells = summarise_cells((*PAIR, *other), found, {other[1].id: "conformance failed"})
    assert may_end(asked, cells, found, ())


def lines(found: Sequence[Trial]) -> str:
    return "".join(t.model_dump_json(by_alias=True) + "\n" for t in found)


def test_a_truncated_file_counts_up_to_the_torn_line_and_says_so() -> None:
    found = trials(TRUTH, PAIR, 6)
    read = read_trials(lines(found)[:-40])
    assert read.trials == tuple(found[:-1])
    assert read.warning == "line 12 of trials.jsonl is torn or no trial: the 11 trials before it count"
    broken = read_trials(lines(found[:3]) + "{}\n" + lines(found[3:]))
    assert broken.warning is not None
    assert broken.warning.endswith("the 3 trials before it count, 9 lines after it do not")


def test_a_whole_file_is_read_without_warning_and_parameters_are_ignored() -> None:
    found = trials(TRUTH, PAIR, 6)
    read = read_trials(lines(found).replace('{"schema":2', '{"page_size":20,"schema":2'))
    assert (read.trials, read.warning) == (tuple(found), None)


def test_an_older_schema_is_refused_whatever_else_its_lines_lack() -> None:
    with pytest.raises(ValidationError, match="written with schema 1; this lab reads schema 2: measure again"):
        read_trials('{"schema": 1, "trial": "r0.p0"}\n')


def test_a_newer_schema_is_refused() -> None:
    with pytest.raises(ValidationError, match="written with schema 3; this lab reads schema 2: update it"):
        read_trials(lines(trials(TRUTH, PAIR, 1)).replace('"schema":2', '"schema":3'))


def test_the_summary_page_is_the_golden_one(*, update_golden: bool) -> None:
    found = trials(TRUTH, matrix(), 6, noise=0.03)
    found[1] = invalid(FIBER, 0, "errors", failed_requests=61)
    found = warned(FASTAPI, (3,), "host-noise", found)
    criterion = Criterion(
        text="throughput_rps(implementation=go-fiber) > 100",
        operator=">",
        left=throughput_of("go-fiber"),
        right=LiteralNumber(value=100),
    )
    asked = experiment(OPEN, criteria=(criterion,))
    summary = summarise(asked, matrix(), found, facts(notes=("shortened: 6 rounds of 10",)))
    page = render(summary, asked)
    if update_golden:
        (GOLDEN / "summary.md").write_text(page)
    assert page == (GOLDEN / "summary.md").read_text()


def test_a_summary_survives_being_stored() -> None:
    summary = quick(trials(TRUTH, PAIR, 6))
    assert Summary.model_validate_json(summary.model_dump_json(by_alias=True)) == summary
