"""Judges a measurement: the trial's metrics, whether the trial counts, and what limited the trial."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from benchmark_lab.bundle import BundledOperation, Cell, Experiment, Load, Thresholds
from benchmark_lab.judge.bottleneck import bottleneck_of
from benchmark_lab.judge.case import Case
from benchmark_lab.judge.metrics import METRICS
from benchmark_lab.judge.reasons import LOWER_BOUND_REASONS, REASONS, WARNINGS
from benchmark_lab.judge.reasons.generator_failed import generator_failed
from benchmark_lab.records import Calibration, Measurement, Purpose, Reason, Trial, TrialRecord


@dataclass(frozen=True, slots=True)
class Position:
    """The place of a trial in the run, and the time when the trial started."""

    lane: int
    round: int
    position: int
    started_at: str


def judge(
    measurement: Measurement,
    cell: Cell,
    load: Load,
    thresholds: Thresholds,
    place: Position,
    *,
    calibration: Calibration | None = None,
    operations: Mapping[str, BundledOperation] | None = None,
    shared_host: bool = True,
) -> Trial:
    """Judge one trial of `cell`: valid, or invalid with every reason that applies, causes before their effects.

    Args:
        measurement: what the hosts reported; a counter that nobody watched stays silent.
        cell: the cell that the trial measured.
        load: the load that the trial got.
        thresholds: the figures from which on a trial is invalid.
        place: the place of the trial in the run.
        calibration: what generator and database can do at most for this cell's requests.
        operations: the operations that the scenario calls, by id. Without operations, `lab` names fewer bottlenecks and
            finds no effect missing.
        shared_host: True if all roles share one machine. Such a machine is allowed more noise.
    """
    case = Case(
        measurement, cell, load, thresholds, calibration or Calibration(), operations or {}, shared_host=shared_host
    )
    reasons = _reasons_of(case)
    bottleneck, evidence = bottleneck_of(case, reasons) if load.model == "closed" and case.measured else (None, None)
    k6 = case.k6
    return Trial(
        trial=f"r{place.round}.p{place.position}",
        cell=cell.id,
        implementation=cell.implementation,
        server=cell.server,
        workers=cell.workers,
        scenario=cell.scenario,
        hardware=cell.hardware,
        lane=place.lane,
        round=place.round,
        position=place.position,
        started_at=place.started_at,
        verdict="invalid" if reasons else "valid",
        reasons=reasons,
        warnings=tuple(found for rule in WARNINGS if (found := rule.find(case, reasons))),
        bottleneck=bottleneck,
        bottleneck_evidence=evidence,
        load_model=load.model,
        arrival_rate_rps=load.arrival_rate_rps,
        requests=k6.requests,
        failed_requests=k6.failed_requests,
        dropped_iterations=k6.dropped_iterations,
        window_taken_s=k6.window_taken_s,
        generator_cpu_utilisation=case.generator_cpu if case.measured else None,
        overhead_s=measurement.overhead_s,
        **{name: metric.of(case) for name, metric in METRICS.items()},
    )


def _reasons_of(case: Case) -> tuple[Reason, ...]:
    reasons: list[Reason] = []
    for rule in REASONS:
        if found := rule.find(case, reasons):
            reasons.append(found)
    if not (case.measurement.load or reasons):  # nothing else says why there is no load
        reasons.append(generator_failed.because("k6 was not run"))
    return tuple(reasons)


def is_bounded(trial: Trial) -> bool:
    """True if only LOWER_BOUND_REASONS make a trial invalid: the trial's throughput is then a lower bound."""
    return bool(trial.reasons) and all(reason.code in LOWER_BOUND_REASONS for reason in trial.reasons)


def judge_record(record: TrialRecord, cell: Cell, experiment: Experiment, place: Position, purpose: Purpose) -> Trial:
    """Judge a trial by its record and the bundle, and by nothing else."""
    trial = judge(
        record.measurement,
        cell,
        record.load,
        experiment.thresholds,
        place,
        calibration=record.calibration,
        operations=next(of.operations for of in experiment.scenarios if of.name == cell.scenario),
        shared_host=record.shared_host,
    )
    vus = record.load.vus if record.load.model == "closed" else None
    return trial.model_copy(update={"trial": record.trial, "vus": vus, "purpose": purpose})
