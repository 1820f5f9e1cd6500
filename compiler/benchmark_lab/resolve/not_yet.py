"""What an experiment may ask for and this version does not carry out: said clearly, never ignored."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from benchmark_lab.diagnostics import Code, Diagnostic
from benchmark_lab.experiment import ExperimentFile
from benchmark_lab.source import Document

TARGETS = ("local", "testbed", "ssh", "docker", "aws-ec2", "aws-ecs")
"""The targets that experiments may name; one can be used once `infra/<target>/target.yaml` is there."""

NOT_YET_AXES = ("data_access",)
"""Parameters that experiments may name before any manifest declares them."""


def not_yet(document: Document, file: ExperimentFile, declared: Collection[str]) -> Iterator[Diagnostic]:
    """Yield a diagnostic for each thing that is asked for too early; `declared` is what manifests know."""
    for axis in NOT_YET_AXES:
        if axis in file.matrix.parameters and axis not in declared:
            span = document.span(("matrix", axis))
            yield Diagnostic(Code.NOT_YET, f"not yet: no manifest declares `{axis}`", span, help=f"leave `{axis}` out")
