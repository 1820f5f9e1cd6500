"""What an experiment may ask for and this version does not carry out: said clearly, never ignored."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from benchmark_lab.diagnostics import Code, Diagnostic
from benchmark_lab.experiment import ExperimentFile
from benchmark_lab.source import Document, Path

_Asked = tuple[str, Path, str]
"""What is not carried out, where it is asked for, and what to write instead."""

TARGETS = ("local", "testbed", "ssh", "docker", "aws-ec2", "aws-ecs")
"""The targets that experiments may name; one can be used once `infra/<target>/target.yaml` is there."""

NOT_YET_AXES = ("data_access",)
"""Parameters that experiments may name before any manifest declares them."""


def not_yet(
    document: Document, file: ExperimentFile, declared: Collection[str], *, rehearsal: bool
) -> Iterator[Diagnostic]:
    """Yield a diagnostic for each thing that is asked for too early; `declared` are the parameters that manifests know.

    In a rehearsal, on another target than the file's, hosts are what that target has: they are not asked for.
    """
    asked = [] if rehearsal else [*_hosts(file)]
    asked += [
        (f"no manifest declares `{axis}`", ("matrix", axis), f"leave `{axis}` out")
        for axis in NOT_YET_AXES
        if axis in file.matrix.parameters and axis not in declared
    ]
    for what, path, advice in asked:
        yield Diagnostic(Code.NOT_YET, f"not yet: {what}", document.span(path), help=advice)


def _hosts(file: ExperimentFile) -> Iterator[_Asked]:
    if file.lanes > 1:
        yield ("several lanes are not carried out", ("lanes",), "write lanes: 1")
