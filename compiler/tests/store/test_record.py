"""What a run's folder keeps of each trial: enough to judge it again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from benchmark_lab.bundle import BundledScenario, RoundCount
from benchmark_lab.cli.judge import judge
from benchmark_lab.judge import judge_record
from benchmark_lab.records import Measured, Trial, TrialRecord
from benchmark_lab.results.rejudge import judge_again
from benchmark_lab.statistics.merge import merge_loads
from benchmark_lab.store.reading import read_records
from benchmark_lab.store.run_folder import RunFolder
from benchmark_lab.store.runs import UnreadableRunError, read_run
from tests.apply.world import World, cells
from tests.measurements.records import PLACE, Record, record
from tests.measurements.verdicts import VERDICTS
from tests.synthetic import experiment


def kept(of: Record, path: Path) -> Trial:
    """The trial of a record, which a run's folder keeps."""
    trial = of.judge()
    stored = TrialRecord(
        trial=trial.trial,
        cell=of.cell.id,
        load=of.load,
        calibration=of.calibration,
        shared_host=of.shared_host,
        measurement=of.measurement,
    )
    folder = RunFolder(path, "100000-ab12")
    folder.logs.mkdir(exist_ok=True)
    folder.keep(trial, stored, Measured(PLACE.started_at, of.measurement, "", ""))
    return trial


def read(path: Path) -> list[TrialRecord]:
    distributions = path / "distributions.jsonl"
    return [
        *read_records(
            (path / "measurements.jsonl").read_text(), distributions.read_text() if distributions.exists() else ""
        )
    ]


def judged_again(of: Record, path: Path) -> Trial:
    """What the folder's only record gives with the thresholds and the scenario of a bundle."""
    (stored,) = read(path)
    scenario = BundledScenario(name=of.cell.scenario, script="", operations=of.operations, measures="", writes=False)
    bundled = experiment().model_copy(update={"thresholds": of.thresholds, "scenarios": (scenario,)})
    return judge_record(stored, of.cell, bundled, PLACE, "measure")


def without_vus(trial: Trial) -> Trial:
    return trial.model_copy(update={"vus": None})


@pytest.mark.parametrize("name", VERDICTS)
def test_a_stored_trial_is_judged_again_as_it_was(name: str, tmp_path: Path) -> None:
    trial = kept(record(name), tmp_path)
    assert without_vus(judged_again(record(name), tmp_path)) == trial


@pytest.mark.parametrize("name", VERDICTS)
def test_a_stored_measurement_is_small_and_has_every_counter_and_second(name: str, tmp_path: Path) -> None:
    measurement = record(name).measurement
    kept(record(name), tmp_path)
    (stored,) = read(tmp_path)
    assert (tmp_path / "measurements.jsonl").stat().st_size < 4_000
    assert stored.measurement.load == measurement.load
    assert stored.measurement.hosts == measurement.hosts
    assert (stored.measurement.database, stored.measurement.upstream) == (measurement.database, measurement.upstream)
    assert stored.measurement.server.worker_cpu_s == measurement.server.worker_cpu_s


def test_each_of_several_load_hosts_is_stored_without_its_quantiles(tmp_path: Path) -> None:
    alone = record("valid-closed").measurement.load
    assert alone is not None
    busy = alone.model_copy(update={"cpu_s": 0.95 * alone.wall_s})
    of = record("valid-closed").having(load=merge_loads([alone, busy]))
    trial = kept(of, tmp_path)
    assert "quantiles" not in (tmp_path / "measurements.jsonl").read_text()
    assert "their busiest CPU set" in trial.reasons[0].evidence
    assert without_vus(judged_again(of, tmp_path)) == trial


def test_a_trial_that_was_never_loaded_is_stored(tmp_path: Path) -> None:
    of = record("server-not-ready").having(load=None, warmup=None, server={"log_tail": "one\ntwo\nAddress in use\n"})
    trial = kept(of, tmp_path)
    assert without_vus(judged_again(of, tmp_path)) == trial
    assert json.loads((tmp_path / "measurements.jsonl").read_text())["measurement"]["server"]["log_tail"] == (
        "Address in use"
    )


def test_a_torn_record_is_left_out(tmp_path: Path) -> None:
    kept(record("valid-open"), tmp_path)
    text = (tmp_path / "measurements.jsonl").read_text()
    (whole,) = read_records(text + text[:-9], "")
    assert whole.cell == record("valid-open").cell.id


lab = typer.Typer()
lab.command()(judge)


@pytest.fixture
def done(tmp_path: Path) -> Path:
    """The folder of a run of some trials."""
    world = World(tmp_path)
    world.write(experiment(contrasts=[], rounds=RoundCount(min=2, max=2)), cells(), 2)
    world.apply()
    return world.folder.path


def test_a_whole_run_is_judged_again_by_its_folder_alone(done: Path) -> None:
    run = read_run(done)
    assert run.trials
    assert [again for _, again in judge_again(run, read(done))] == [*run.trials]
    told = CliRunner().invoke(lab, [str(done)])
    assert (told.exit_code, told.stdout) == (0, "")
    assert told.stderr == f"{len(run.trials)} of {len(run.trials)} trials are judged as they were.\n"


def test_verdicts_that_do_not_follow_from_what_was_measured_are_listed(done: Path) -> None:
    path = done / "measurements.jsonl"
    first, _, *rest = (json.loads(line) for line in path.read_text().splitlines())
    first["measurement"]["load"]["failed_requests"] = first["measurement"]["load"]["requests"]
    path.write_text("".join(json.dumps(line) + "\n" for line in (first, *rest)))
    told = CliRunner().invoke(lab, [str(done)])
    otherwise, missing = told.stdout.splitlines()
    assert told.exit_code == 1
    assert otherwise.startswith(f"{first['trial']} {first['cell']}: valid")
    assert "; again invalid (" in otherwise
    assert "errors" in otherwise
    assert missing.endswith("; again no record")


def test_records_of_a_newer_lab_are_not_guessed_at(done: Path) -> None:
    path = done / "measurements.jsonl"
    path.write_text(path.read_text().replace('"schema": 2', '"schema": 99', 1))
    told = CliRunner().invoke(lab, [str(done)])
    assert isinstance(told.exception, UnreadableRunError)
    assert "the records of its trials cannot be read" in str(told.exception)
