"""`lab schema`: prints the keys of a file that people write, for editors and for people."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Annotated

import typer
from pydantic import BaseModel

from benchmark_lab.catalog import Implementation, Language, Scenario, Target
from benchmark_lab.cli.views.reference import reference
from benchmark_lab.experiment import ExperimentFile
from benchmark_lab.source.schema import editor_schema


class FileKind(StrEnum):
    """Kinds of files that have a schema; each schema lies in `spec/<kind>.schema.json`."""

    EXPERIMENT = "experiment"
    IMPLEMENTATION = "implementation"
    LANGUAGE = "language"
    SCENARIO = "scenario"
    TARGET = "target"


_MODELS: dict[FileKind, type[BaseModel]] = {
    FileKind.EXPERIMENT: ExperimentFile,
    FileKind.IMPLEMENTATION: Implementation,
    FileKind.LANGUAGE: Language,
    FileKind.SCENARIO: Scenario,
    FileKind.TARGET: Target,
}


def schema(
    kind: Annotated[FileKind, typer.Argument(help="The kind of file.")] = FileKind.EXPERIMENT,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print the keys as tables for people.")] = False,
) -> None:
    """Print the JSON schema (draft-07) of a file that people write, or its keys for people."""
    typer.echo(reference_text(kind) if markdown else schema_text(kind), nl=False)


def schema_text(kind: FileKind) -> str:
    """Return the text of `spec/<kind>.schema.json`."""
    return json.dumps(editor_schema(_MODELS[kind], kind.value), indent=2, ensure_ascii=False) + "\n"


def reference_text(kind: FileKind) -> str:
    """Return the tables of the file's keys, as the pages in docs/ have the tables."""
    return reference(editor_schema(_MODELS[kind], kind.value))
