"""Explains the stages of a run in words, for whoever reads the words before anything is done."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from benchmark_lab.apply.stages import (
    Calibrate,
    CleanUp,
    FindLoads,
    Measure,
    Prepare,
    Prove,
    Provide,
    Stage,
)
from benchmark_lab.bundle import Hardware, HostShape
from benchmark_lab.report.figures import counted


def explain(stages: Sequence[Stage]) -> list[tuple[str, str]]:
    """Return the name of each stage and what the stage does, in the order of the stages."""
    several = len({stage.block.hardware for stage in stages}) > 1
    return [
        (f"{name} ({stage.block.hardware})" if several else name, text)
        for stage in stages
        for name, text in [_words(stage)]
    ]


def _words(stage: Stage) -> tuple[str, str]:
    match stage:
        case Provide():
            lanes = f", in each of {stage.lanes} lanes" if stage.lanes > 1 else ""
            name = "take hosts" if stage.usd_per_hour is None else "rent hosts"
            rent = f"; rented for ${stage.usd_per_hour:.2f} an hour" if stage.usd_per_hour is not None else ""
            words = name, f"{_hardware(stage.hardware)}{lanes}, by driver {stage.driver}{rent}"
        case Prepare():
            words = "prepare", f"database, upstream, k6 and null server; build {', '.join(stage.implementations)}"
        case Prove():
            words = "prove", f"hold to the contract {', '.join(' '.join(server) for server in stage.servers)}"
        case Calibrate():
            lanes = counted(stage.lanes_known, "lane")
            known = f"; known of {lanes}, unless hosts changed" if stage.lanes_known else ""
            words = "calibrate", f"what generator and database can do at most{known}"
        case FindLoads():
            words = "probe", f"find the loads of {counted(len(stage.cells), 'cell')}, which depend on results"
        case Measure():
            words = "measure", _rounds(stage)
        case CleanUp():
            words = "clean up", "stop what was started, and let the hosts go, whatever happens before"
        case _:
            assert_never(stage)
    return words


def _rounds(stage: Measure) -> str:
    rounds, trials = counted(stage.most, "round"), counted(stage.trials_left, "trial")
    if stage.least < stage.most:
        rounds, trials = f"{stage.least} to {rounds}" if stage.least else f"at most {rounds}", f"{trials} at most"
    return f"{counted(len(stage.cells), 'cell')} in {rounds}: {trials}"


def _hardware(hardware: Hardware) -> str:
    shapes = (("sut", hardware.sut), ("load", hardware.load), ("db", hardware.db))
    return ", ".join(f"{role} {_shape(shape)}" for role, shape in shapes if shape != HostShape()) or "as they are"


def _shape(shape: HostShape) -> str:
    count = f"{shape.count} of " if shape.count > 1 else ""
    cpus = counted(shape.cpus, "CPU") if shape.cpus else ""
    return count + " with ".join(filter(None, (shape.type, cpus)))
