"""Sweeps over workers in results: which of them tell how a server scales."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from benchmark_lab.bundle import Cell
from benchmark_lab.records import Summary, Trial
from benchmark_lab.report.tables import scaling_table
from benchmark_lab.statistics.usl import Law
from tests.synthetic import CLOSED, cell, closed, experiment, facts, summarise, trial

SWEEP = (1, 2, 4, 8, 17)
FASTAPI, FIBER = (closed([cell(name, workers=n) for n in SWEEP]) for name in ("python-fastapi", "go-fiber"))
LAW = Law(gamma=1_000, alpha=0.05, beta=0.005)
NOISE = (0.99, 1.02, 1.0, 0.97, 1.01, 1.03)
"""Of each round, shared by its trials."""


def swept(cells: Sequence[Cell], rounds: int = 6, **fields: object) -> list[Trial]:
    return [
        trial(of, number, "closed", throughput_rps=LAW.throughput(of.workers) * NOISE[number], **fields)
        for number in range(rounds)
        for of in cells
    ]


def summary(cells: Sequence[Cell], found: Sequence[Trial], labels: tuple[str, ...] = ()) -> Summary:
    return summarise(experiment(CLOSED, contrasts=[]), cells, found, facts(labels=labels))


def test_a_sweep_tells_the_law_that_it_follows() -> None:
    (law,) = summary(FASTAPI, swept(FASTAPI)).scalings
    assert (law.cells, law.rounds, law.beyond_sweep) == (tuple(of.id for of in FASTAPI), 6, False)
    assert law.contention.value == pytest.approx(0.05, abs=1e-3)
    assert law.peak_workers is not None
    assert law.peak_workers.value == pytest.approx(LAW.peak_workers, rel=1e-3)


def test_each_server_has_a_row_with_its_intervals() -> None:
    table = scaling_table(summary((*FASTAPI, *FIBER), [*swept(FASTAPI), *swept(FIBER)]))
    assert [row[0] for row in table.rows] == ["python-fastapi", "go-fiber"]
    assert table.rows[0][1].splitlines() == ["1,003", "980 to 1,025"]
    assert table.rows[0][4].startswith("13.8\n")


def test_few_rounds_give_the_law_without_intervals_and_claim_no_peak() -> None:
    (row,) = scaling_table(summary(FASTAPI, swept(FASTAPI, rounds=2))).rows
    assert row == (
        "python-fastapi, uvicorn, 01-lightweight",
        *("1,005", "5 %", "0.5 %", "\N{EN DASH}"),
    )


def test_what_the_generator_bounds_tells_nothing_of_the_servers_scaling() -> None:
    bounded = {of.id for of in FASTAPI[3:]}
    found = [
        one.model_copy(update={"bottleneck": "generator"}) if one.cell in bounded else one for one in swept(FASTAPI)
    ]
    assert summary(FASTAPI, found).scalings == ()  # three numbers of workers are left


def test_a_server_that_shares_its_cpus_with_the_generator_tells_nothing_either() -> None:
    assert summary(FASTAPI, swept(FASTAPI), labels=("sut-and-load-share-cpus",)).scalings == ()


def test_a_rate_that_was_asked_for_scales_with_nothing() -> None:
    cells = [cell("python-fastapi", workers=n) for n in SWEEP]
    found = [trial(of, number, sut_cpu_us_per_request=100.0) for number in range(6) for of in cells]
    assert summarise(experiment(contrasts=[]), cells, found, facts()).scalings == ()
