"""Stored runs found, read and compared from the command line."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

import pytest
import typer
from typer.testing import CliRunner, Result

from benchmark_lab.bundle import Cell, Cells, Experiment, Load, Thresholds
from benchmark_lab.cli import main
from benchmark_lab.cli.compare import compare
from benchmark_lab.records import HostsReady, Provenance, Trial
from benchmark_lab.results.metrics import SHARED_CPUS, SHARED_HOST
from benchmark_lab.results.runs import IncomparableRunsError, UnknownMetricError
from benchmark_lab.store.journal import Journal
from benchmark_lab.store.runs import UnreadableRunError, find_run, newest_run, read_run
from tests.synthetic import CLOSED, OPEN, PROVENANCE, cell, closed, experiment, facts, invalid, summarise, trials

PAIR = (cell("python-fastapi"), cell("go-fiber"))
TRUTH = {PAIR[0].id: 420.0, PAIR[1].id: 130.0}

lab = typer.Typer()
lab.command()(compare)


def stored_run(
    results: Path,
    name: str,
    found: Sequence[Trial],
    *,
    asked: Experiment | None = None,
    cells: Sequence[Cell] = PAIR,
    provenance: Provenance = PROVENANCE,
    unequal_utilisation: Mapping[str, str] = MappingProxyType({}),
) -> Path:
    asked = asked or experiment(contrasts=[PAIR])
    folder = results / "2026-11-22" / f"quickstart-{name}"
    (folder / "bundle").mkdir(parents=True)
    (folder / "bundle" / "experiment.json").write_text(asked.model_dump_json(by_alias=True))
    (folder / "bundle" / "cells.json").write_text(Cells(cells=tuple(cells)).model_dump_json(by_alias=True))
    lines = [{"page_size": 20, **json.loads(trial.model_dump_json(by_alias=True))} for trial in found]
    (folder / "trials.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    known = facts(provenance=provenance, unequal_utilisation=unequal_utilisation)
    summary = summarise(asked, cells, found, known)
    (folder / "summary.json").write_text(summary.model_dump_json(by_alias=True))
    return folder


def run(*arguments: object) -> Result:
    return CliRunner().invoke(lab, [str(argument) for argument in arguments])


def test_a_run_is_compared_with_its_baseline(tmp_path: Path) -> None:
    folder = stored_run(tmp_path / "results", "100000-ab12", trials(TRUTH, PAIR, 6))
    done = run(folder, "--metric", "sut_cpu_us_per_request", "--json")
    assert done.exit_code == 0
    answer = json.loads(done.stdout)
    (found,) = answer["comparisons"]
    assert answer["schema"] == 2
    assert (found["candidate"], found["answer"], found["n"]) == (PAIR[1].id, "lower", 6)
    assert found["low"] < 130 / 420 < found["high"]


def test_the_table_says_who_uses_less(tmp_path: Path) -> None:
    done = run(stored_run(tmp_path / "results", "100000-ab12", trials(TRUTH, PAIR, 6)))
    assert done.exit_code == 0
    assert "go-fiber" in done.stdout
    assert "less" in done.stdout


def test_a_cell_without_a_valid_trial_is_exit_4(tmp_path: Path) -> None:
    found = [*trials(TRUTH, PAIR[:1], 6), *(invalid(PAIR[1], n, "errors") for n in range(6))]
    assert run(stored_run(tmp_path / "results", "100000-ab12", found)).exit_code == 4


def test_an_interrupted_run_is_compared_as_far_as_it_came(tmp_path: Path) -> None:
    folder = stored_run(tmp_path / "results", "100000-ab12", trials(TRUTH, PAIR, 7))
    (folder / "summary.json").unlink()
    whole = (folder / "trials.jsonl").read_text()
    (folder / "trials.jsonl").write_text(whole[:-30])
    done = run(folder, "--json")
    assert done.exit_code == 0
    answer = json.loads(done.stdout)
    assert answer["comparisons"][0]["n"] == 6
    assert answer["notes"] == [
        "line 14 of trials.jsonl is torn or no trial: the 13 trials before it count",
        "the run has no summary.json, so it is taken for one on a shared host",
    ]


def test_a_run_without_a_summary_is_ranked_by_the_labels_of_its_journal(tmp_path: Path) -> None:
    asked, found = experiment(CLOSED, contrasts=[PAIR]), trials(TRUTH, PAIR, 7, model="closed")
    folder = stored_run(tmp_path / "results", "100000-ab12", found, asked=asked, cells=closed(PAIR))
    (folder / "summary.json").unlink()
    assert read_run(folder).labels == (SHARED_HOST,)
    ready = HostsReady(
        hardware="small", lane=0, identity={}, versions={}, cpu_sets={}, labels=(SHARED_CPUS, SHARED_HOST)
    )
    with Journal(folder / "journal.jsonl", lambda: "2026-11-22T10:00:00+00:00", lambda _: None) as journal:
        journal.record("hosts-ready", **ready.model_dump(mode="json"))
    assert read_run(folder).labels == (SHARED_HOST, SHARED_CPUS)
    (throughput,) = json.loads(run(folder, "--metric", "throughput_rps", "--json").stdout)["comparisons"]
    assert throughput["unranked_reason"] == "server and generator share CPUs"


def test_two_runs_are_compared_cell_by_cell_and_unpaired(tmp_path: Path) -> None:
    before = stored_run(tmp_path / "results", "100000-ab12", trials(TRUTH, PAIR, 8, drift=0, seed=1))
    slower = TRUTH | {PAIR[1].id: 160.0}
    after = stored_run(tmp_path / "results", "110000-cd34", trials(slower, PAIR, 7, drift=0, seed=2))
    done = run(before, after, "--metric", "sut_cpu_us_per_request", "--json")
    assert done.exit_code == 0
    answer = json.loads(done.stdout)
    fastapi, fiber = answer["comparisons"]
    assert (fiber["answer"], fiber["paired"], fiber["n"]) == ("higher", False, 7)
    assert fastapi["answer"] in {"equivalent", "inconclusive"}
    assert answer["baseline_run"] == "quickstart-100000-ab12"
    assert any("not interleaved" in note for note in answer["notes"])


def test_runs_at_a_share_of_a_lower_bound_are_not_ranked_by_latency(tmp_path: Path) -> None:
    why = "utilisation not known: its rate is a share of a lower bound"
    before = stored_run(tmp_path / "results", "100000-ab12", trials(TRUTH, PAIR, 6))
    after = stored_run(
        tmp_path / "results", "110000-cd34", trials(TRUTH, PAIR, 6, seed=2), unequal_utilisation={PAIR[1].id: why}
    )
    for runs in ((after,), (before, after)):
        found = json.loads(run(*runs, "--json").stdout)["comparisons"]
        fiber = {one["metric"]: one["unranked_reason"] for one in found if one["candidate"] == PAIR[1].id}
        assert (fiber["latency_p50_ms"], fiber["sut_cpu_us_per_request"]) == (why, None)


def test_runs_of_another_machine_are_not_ranked(tmp_path: Path) -> None:
    other = PROVENANCE.model_copy(update={"machine": PROVENANCE.machine | {"cpu": "EPYC"}})
    before = stored_run(tmp_path / "results", "100000-ab12", trials(TRUTH, PAIR, 6))
    after = stored_run(tmp_path / "results", "110000-cd34", trials(TRUTH, PAIR, 6, seed=2), provenance=other)
    answer = json.loads(run(before, after, "--json").stdout)
    assert {found["answer"] for found in answer["comparisons"]} == {"not ranked"}
    assert answer["comparisons"][0]["unranked_reason"] == "other machine: cpu Xeon and EPYC"


def test_runs_of_other_limits_are_not_ranked(tmp_path: Path) -> None:
    loose = experiment(contrasts=[PAIR]).model_copy(update={"thresholds": Thresholds(generator_share=1)})
    before = stored_run(tmp_path / "results", "100000-ab12", trials(TRUTH, PAIR, 6))
    after = stored_run(tmp_path / "results", "110000-cd34", trials(TRUTH, PAIR, 6, seed=2), asked=loose)
    answer = json.loads(run(before, after, "--json").stdout)
    assert {found["unranked_reason"] for found in answer["comparisons"]} == {
        "other thresholds: generator_share 0.5 and 1"
    }


@pytest.mark.parametrize("load", [CLOSED, OPEN.model_copy(update={"arrival_rate_rps": 500.0})])
def test_runs_of_another_load_are_refused(tmp_path: Path, load: Load) -> None:
    before = stored_run(tmp_path / "results", "100000-ab12", trials(TRUTH, PAIR, 6))
    other = experiment(load, contrasts=[PAIR])
    after = stored_run(tmp_path / "results", "110000-cd34", trials(TRUTH, PAIR, 6, model=load.model), asked=other)
    done = run(before, after)
    assert isinstance(done.exception, IncomparableRunsError)
    assert "the loads differ: open, 300 requests/s in quickstart-100000-ab12" in str(done.exception)
    assert done.exception.exit_code == 2


def test_runs_without_a_common_cell_are_refused(tmp_path: Path) -> None:
    before = stored_run(
        tmp_path / "results", "100000-ab12", trials(TRUTH, PAIR[:1], 6), cells=PAIR[:1], asked=experiment(contrasts=[])
    )
    after = stored_run(
        tmp_path / "results", "110000-cd34", trials(TRUTH, PAIR[1:], 6), cells=PAIR[1:], asked=experiment(contrasts=[])
    )
    assert isinstance(run(before, after).exception, IncomparableRunsError)


def test_an_unknown_metric_suggests_the_nearest(tmp_path: Path) -> None:
    folder = stored_run(tmp_path / "results", "100000-ab12", trials(TRUTH, PAIR, 6))
    done = run(folder, "--metric", "latency_p95_ms")
    assert isinstance(done.exception, UnknownMetricError)
    assert "did you mean `latency_p9" in str(done.exception)


def test_a_run_is_found_by_name_and_id_from_below_the_project(tmp_path: Path) -> None:
    folder = stored_run(tmp_path / "results", "100000-ab12", [])
    below = tmp_path / "experiments"
    below.mkdir()
    assert find_run("100000-ab12", below) == find_run("quickstart-100000-ab12", below) == folder
    assert find_run(str(folder), below) == folder


def test_the_newest_run_is_the_one_whose_journal_was_written_last(tmp_path: Path) -> None:
    with pytest.raises(UnreadableRunError, match="there is no run below the results/"):
        newest_run(tmp_path)
    older = stored_run(tmp_path / "results", "220000-ab12", [])
    newer = stored_run(tmp_path / "results", "230000-cd34", [])
    for number, folder in enumerate((newer, older, newer)):
        (folder / "journal.jsonl").write_text(f"{number}\n")
        time.sleep(0.02)  # more than a tick of the file system's clock
    assert newest_run(tmp_path) == newer


def test_a_mistake_ends_in_words_and_exit_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["compare", str(tmp_path)])
    assert ended.value.code == 2
    assert capsys.readouterr().err == f"{tmp_path} is no run: it has no bundle/\n"


def test_a_run_that_is_not_there_or_not_the_only_one_is_said(tmp_path: Path) -> None:
    stored_run(tmp_path / "results", "100000-ab12", [])
    with pytest.raises(UnreadableRunError, match="there is no run `100000-ab13`"):
        find_run("100000-ab13", tmp_path)
    copy = tmp_path / "results" / "2026-11-23" / "frameworks-100000-ab12"
    (copy / "bundle").mkdir(parents=True)
    with pytest.raises(UnreadableRunError, match="stands for 2 runs"):
        find_run("100000-ab12", tmp_path)


def test_what_cannot_be_read_is_said_in_words(tmp_path: Path) -> None:
    with pytest.raises(UnreadableRunError, match="is no run: it has no bundle/"):
        read_run(tmp_path)
    folder = stored_run(tmp_path / "results", "100000-ab12", trials(TRUTH, PAIR, 2))
    trials_file = folder / "trials.jsonl"
    good = trials_file.read_text()
    trials_file.write_text(good.replace('"schema": 2', '"schema": 3'))
    with pytest.raises(UnreadableRunError, match="written with schema 3; this lab reads schema 2: update it"):
        read_run(folder)
    trials_file.write_text(good.replace(PAIR[1].id, "another/cell"))
    with pytest.raises(UnreadableRunError, match="the bundle does not have the trials' cells another/cell"):
        read_run(folder)
    (folder / "bundle" / "cells.json").write_text("{")
    with pytest.raises(UnreadableRunError, match=r"cells\.json cannot be read"):
        read_run(folder)
