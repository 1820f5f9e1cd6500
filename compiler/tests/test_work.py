"""What a piece of a scenario's work costs, of trials whose truth is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from benchmark_lab.bundle import BundledWork, Cell
from benchmark_lab.cli.input.project import read_catalog
from benchmark_lab.records import Summary, Trial
from benchmark_lab.report.markdown import render
from benchmark_lab.report.tables import work_table
from tests.synthetic import cell, experiment, facts, invalid, summarise, trial

CHAIN = BundledWork(parameter="depth", unit="middleware", whole=False)
UPLOAD = BundledWork(parameter="file_mib", unit="MiB", whole=True)
NOISE = (-9.0, 4.0, 0.0, 7.0, -3.0, 1.0)
"""Of each round, shared by its trials."""


def cells_of(work: BundledWork, pieces: Sequence[int], implementation: str = "go-fiber") -> list[Cell]:
    return [
        one.model_copy(update={"id": f"{one.id}/{number}", "parameters": {work.parameter: number}})
        for one in [cell(implementation)]
        for number in pieces
    ]


def summary(work: BundledWork, cells: Sequence[Cell], found: Sequence[Trial], **known: object) -> Summary:
    asked = experiment(contrasts=[])
    working = [scenario.model_copy(update={"work": work}) for scenario in asked.scenarios]
    return summarise(asked.model_copy(update={"scenarios": tuple(working)}), cells, found, facts(**known))


def measured(work: BundledWork, cells: Sequence[Cell], cpu_us: Mapping[int, float]) -> list[Trial]:
    """Six rounds of these CPU times by pieces."""
    return [
        trial(of, number, sut_cpu_us_per_request=cpu_us[int(of.parameters[work.parameter])] + noise)
        for number, noise in enumerate(NOISE)
        for of in cells
    ]


def test_a_middleware_costs_what_a_deeper_chain_takes_more() -> None:
    cells = cells_of(CHAIN, (0, 5, 20))
    (cost,) = summary(CHAIN, cells, measured(CHAIN, cells, {0: 100, 5: 115, 20: 160})).unit_costs
    assert (cost.unit, cost.cells) == ("middleware", tuple(of.id for of in cells))
    assert [cost.cpu_us.median, cost.cpu_us.low, cost.cpu_us.high] == pytest.approx([3, 3, 3])
    assert cost.cpu_us.n == 6


def test_a_chain_of_one_depth_does_not_tell_what_a_middleware_costs() -> None:
    cells = cells_of(CHAIN, (5,))
    assert summary(CHAIN, cells, measured(CHAIN, cells, {5: 115})).unit_costs == ()


def test_all_that_an_upload_costs_is_its_bytes_so_that_one_size_tells_it() -> None:
    cells = cells_of(UPLOAD, (10,))
    (cost,) = summary(UPLOAD, cells, measured(UPLOAD, cells, {10: 20_000})).unit_costs
    assert cost.cpu_us.median == pytest.approx(2_000, rel=1e-3)


def test_larger_uploads_tell_more_of_the_cost_of_a_byte() -> None:
    cells = cells_of(UPLOAD, (1, 100))
    (cost,) = summary(UPLOAD, cells, measured(UPLOAD, cells, {1: 4_000, 100: 200_000})).unit_costs
    assert cost.cpu_us.median == pytest.approx(2_000, rel=1e-3)


def test_invalid_trials_and_probes_tell_nothing() -> None:
    cells = cells_of(UPLOAD, (10,))
    wrong = [invalid(cells[0], 6, "errors", sut_cpu_us_per_request=9e9)]
    probes = [trial(cells[0], 7, purpose="probe", sut_cpu_us_per_request=9e9)]
    found = measured(UPLOAD, cells, {10: 20_000})
    assert summary(UPLOAD, cells, [*found, *wrong, *probes]).unit_costs == summary(UPLOAD, cells, found).unit_costs
    assert summary(UPLOAD, cells, [*wrong, *probes]).unit_costs == ()


def test_the_cost_of_a_server_that_was_retired_is_not_told() -> None:
    cells = cells_of(UPLOAD, (10,))
    found = measured(UPLOAD, cells, {10: 20_000})
    assert summary(UPLOAD, cells, found, excluded={cells[0].id: "conformance failed"}).unit_costs == ()


def test_each_server_has_a_row_by_what_its_cells_share() -> None:
    fiber, fastapi = (cells_of(CHAIN, (0, 20), name) for name in ("go-fiber", "python-fastapi"))
    found = [*measured(CHAIN, fiber, {0: 100, 20: 140}), *measured(CHAIN, fastapi, {0: 300, 20: 500})]
    of_both = summary(CHAIN, [*fiber, *fastapi], found)
    assert [row[:2] for row in work_table(of_both).rows] == [
        ("go-fiber", "middleware"),
        ("python-fastapi", "middleware"),
    ]
    assert [row[2].partition("\n")[0] for row in work_table(of_both).rows] == ["2.00", "10.0"]
    assert "| go-fiber | middleware | 2.00 (2.00 to 2.00) |" in render(of_both, experiment(contrasts=[]))


def test_the_shipped_scenarios_tell_the_cost_of_a_middleware_and_of_a_mib() -> None:
    scenarios = read_catalog(Path(__file__).parents[2]).scenarios
    units = {name: scenario.work.unit for name, scenario in scenarios.items() if scenario.work}
    assert units == {"06-middleware-chain": "middleware", "07-file-upload": "MiB"}
