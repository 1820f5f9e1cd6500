"""The shape of `experiments/<name>.yaml`, before any name in it is looked up."""

from __future__ import annotations

from pathlib import PurePosixPath

from benchmark_lab.diagnostics import Code, Diagnostic
from benchmark_lab.experiment.changes import Changes, change
from benchmark_lab.experiment.file import ExperimentFile
from benchmark_lab.source import Document, read

__all__ = ["Changes", "ExperimentFile", "change", "read_experiment"]


def read_experiment(document: Document) -> tuple[ExperimentFile | None, tuple[Diagnostic, ...]]:
    """Read an experiment and say what is wrong with its shape.

    With problems, the experiment is what can be made of the rest, if anything: good for further checks only.
    """
    stem = PurePosixPath(document.file).stem
    file, problems = read(document, ExperimentFile, fallback={"schema": 1, "name": stem, "question": "?"})
    if file is not None and file.name != stem:
        message = f"the experiment is called `{file.name}`, its file `{stem}`"
        advice = "give both the same name: it names the results too"
        problems += (Diagnostic(Code.NAME_DIFFERS, message, document.span(("name",)), help=advice),)
    return file, problems
