"""A metric is one declaration: it is then computed, stored, shown, compared, asked of in criteria, and documented."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmark_lab.experiment.criteria import read_criterion
from benchmark_lab.judge import metrics
from benchmark_lab.judge.metrics import METRICS, Metric, declare
from benchmark_lab.records import Trial
from benchmark_lab.report.tables import cells_table, further_table
from benchmark_lab.results.cells import summarise_cells
from benchmark_lab.results.comparisons import compare_cells
from benchmark_lab.results.criteria import evaluate
from benchmark_lab.store.reading import read_trials
from tests.measurements.records import record
from tests.synthetic import cell, experiment, facts, summarise, trials
from tests.test_compare import run, stored_run
from tests.test_project import metrics_text

FASTAPI, FIBER = PAIR = (cell("python-fastapi"), cell("go-fiber"))
TOY = "switches_per_request"


@pytest.fixture
def toy() -> Iterator[Metric]:
    declared = declare(
        Metric(
            name=TOY,
            unit="switches",
            noun="context switches per request",
            more="switches more",
            less="switches less",
            of=lambda case: case.measurement.hosts["sut"].context_switches / case.k6.requests,
            column="switches",
            compared=frozenset({"open"}),
        )
    )
    try:
        yield declared
    finally:
        del metrics._METRICS[TOY]


def with_toy() -> list[Trial]:
    values = {FASTAPI.id: 6.0, FIBER.id: 2.0}
    found = trials({FASTAPI.id: 420.0, FIBER.id: 130.0}, PAIR, 6)
    return [trial.model_copy(update={TOY: values[trial.cell] * (1 + trial.round / 1000)}) for trial in found]


@pytest.mark.usefixtures("toy")
def test_a_declared_metric_is_computed_from_what_hosts_reported_and_stored_as_a_plain_key() -> None:
    of = record("valid-open")
    trial = of.judge()
    line = json.loads(trial.model_dump_json(by_alias=True))
    requests = of.measurement.load.requests if of.measurement.load else 0
    assert line[TOY] == of.measurement.hosts["sut"].context_switches / requests
    (read,) = read_trials(json.dumps({**line, "page_size": 20}) + "\n").trials
    assert read == trial


@pytest.mark.usefixtures("toy")
def test_a_declared_metric_is_shown_compared_and_asked_of_in_criteria(tmp_path: Path) -> None:
    found, asked = with_toy(), experiment(contrasts=[PAIR])
    summary = summarise(asked, PAIR, found, facts())
    table = cells_table(summary)
    assert table.rows[0][table.columns.index("switches")].startswith("6.0")
    (comparison,) = (each for each in summary.comparisons if each.metric == TOY)
    assert comparison.answer == "lower"
    assert comparison.ratio == pytest.approx(1 / 3)
    criterion = read_criterion(f"{TOY}(implementation=go-fiber) < 0.5 * {TOY}(implementation=python-fastapi)")
    assert evaluate(criterion, summary.cells, ()).held is True
    done = run(stored_run(tmp_path / "results", "100000-ab12", found), "--metric", TOY)
    assert "switches less" in done.stdout


@pytest.mark.usefixtures("toy")
def test_a_declared_metric_is_documented() -> None:
    assert f"| `{TOY}` | context switches per request | switches | yes |" in metrics_text()


def test_a_name_is_declared_once() -> None:
    with pytest.raises(ValueError, match="metric `throughput_rps` is declared twice"):
        declare(METRICS["throughput_rps"])


def test_an_informative_metric_may_be_0_and_ranks_nothing() -> None:
    found = [
        trial.model_copy(update={"lock_waiters": 0.0 if trial.cell == FASTAPI.id else float(trial.round)})
        for trial in trials({FASTAPI.id: 420.0, FIBER.id: 130.0}, PAIR, 6)
    ]
    cells = summarise_cells(PAIR, found, {})
    assert [cell.metrics["lock_waiters"].median for cell in cells] == [0.0, 2.5]
    summary = summarise(experiment(contrasts=[PAIR]), PAIR, found, facts())
    assert further_table(summary).columns == ("cell", "lock waiters")
    (comparison,) = compare_cells(experiment(contrasts=[PAIR]), cells, found, (), ("lock_waiters",))
    assert (comparison.answer, comparison.ranked, comparison.ratio) == ("not ranked", False, None)
    criterion = read_criterion("lock_waiters(implementation=python-fastapi) < lock_waiters(implementation=go-fiber)")
    assert evaluate(criterion, cells, ()).held is True


@pytest.mark.parametrize(
    ("name", "metric", "low", "high"),
    [
        ("limited-by-pool", "pool_occupancy", 0.9, 1.0),
        ("limited-by-db-locks", "lock_waiters", 1, 100),
        ("limited-by-upstream", "calls_in_flight", 1, 1000),
        ("valid-open", "time_to_ready_s", 0.01, 60),
    ],
)
def test_what_scenarios_are_about_is_seen_in_recorded_trials(name: str, metric: str, low: float, high: float) -> None:
    assert low < getattr(record(name).judge(), metric) <= high


def test_what_a_scenario_does_not_use_is_not_known() -> None:
    upstream, database = record("limited-by-upstream").judge(), record("limited-by-pool").judge()
    assert [getattr(upstream, name) for name in ("pool_occupancy", "lock_waiters")] == [None, None]
    assert getattr(database, "calls_in_flight") is None  # noqa: B009  a key that the class does not name
