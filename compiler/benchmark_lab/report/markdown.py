"""Writes a summary as the Markdown page that people read: `summary.md`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import inf

from benchmark_lab.bundle import Experiment
from benchmark_lab.records import Summary
from benchmark_lab.report.figures import counted, percent
from benchmark_lab.report.naming import summary_names
from benchmark_lab.report.tables import (
    Table,
    cells_table,
    comparisons_table,
    criteria_table,
    further_table,
    invalid_table,
    phases_table,
    scaling_table,
    searches_table,
    warnings_table,
    work_table,
)


def render(summary: Summary, experiment: Experiment) -> str:
    """Return the page: question, answer and scope first, then every table, then what produced the numbers."""
    return "\n\n".join(_sections(summary, experiment)) + "\n"


def _sections(summary: Summary, experiment: Experiment) -> Iterator[str]:
    yield f"# {summary.experiment}"
    yield f"**{summary.question}**"
    yield summary.answer
    yield _list(_notes(summary))
    yield _table(cells_table(summary))
    for table in (
        searches_table(summary),
        work_table(summary),
        scaling_table(summary),
        comparisons_table(summary.comparisons, summary_names(summary)),
        further_table(summary),
        invalid_table(summary),
        warnings_table(summary),
        criteria_table(summary),
    ):
        if table.rows:
            yield _table(table)
    if summary.phases:
        yield _table(phases_table(summary))
    yield from _calibration(summary)
    yield "## Provenance"
    yield _list(_provenance(summary))
    differences = [f"{of.name}: {said}" for of in experiment.implementations for said in of.known_differences]
    if differences:
        yield "## Known differences"
        yield _list(differences)


def _notes(summary: Summary) -> Iterator[str]:
    state = "" if summary.complete else "; the run was interrupted, and what it had is summarised"
    yield f"Target `{summary.target}`, {counted(summary.rounds_done, 'round')}, {summary.load}{state}."
    if summary.stopped_early and summary.look_confidence:
        confidence = percent(summary.look_confidence)
        yield f"Stopped early: every paired contrast is as precise as asked, at {confidence} confidence."
    if summary.rented_usd is not None:
        yield f"The rented hosts cost ${summary.rented_usd:.2f}, from their order to their end."
    if summary.labels:
        yield "Labels: " + ", ".join(f"`{label}`" for label in summary.labels) + "."
    yield from summary.notes


def _calibration(summary: Summary) -> Iterator[str]:
    """Say what the generator can do with each scenario's requests: the least where cells differ in their requests."""
    found: dict[str, float] = {}
    unknown: list[str] = []
    for cell in summary.cells:
        scenario = str(cell.axes["scenario"])
        if cell.calibration and cell.calibration.generator_rps:
            found[scenario] = min(found.get(scenario, inf), cell.calibration.generator_rps)
        elif cell.calibration and scenario not in unknown:
            unknown.append(scenario)
    if found or unknown:
        yield "## Calibration"
        reached = [f"{name}: the generator alone reaches {rps:,.0f} requests/s" for name, rps in found.items()]
        yield _list(
            [*reached, *(f"{name}: a calibration failed, so that its limit is not checked" for name in unknown)]
        )


def _provenance(summary: Summary) -> Iterator[str]:
    of = summary.provenance
    dirty = ", with changes that are not committed" if of.git_dirty else ""
    yield f"run: `{summary.run}`, {summary.started_at} to {summary.ended_at}"
    yield f"lab: {of.lab}; commit: {of.git_commit or 'none'}{dirty}; seed: {of.seed}"
    parts = (
        ("machine", of.machine),
        ("set otherwise before the run", of.as_found),
        ("versions", of.versions),
        ("CPU sets", of.cpu_sets),
    )
    for title, facts in parts:
        if facts:
            yield f"{title}: {_facts(facts)}"


def _facts(facts: Mapping[str, str]) -> str:
    return "; ".join(f"{name}: {value}" for name, value in facts.items())


def _list(items: Iterator[str] | list[str]) -> str:
    return "\n".join(f"- {item}" for item in items)


def _table(table: Table) -> str:
    rules = ("---:" if column in table.numeric else "---" for column in table.columns)
    rows = (table.columns, tuple(rules), *table.rows)
    lines = ("| " + " | ".join(_inline(text) for text in row) + " |" for row in rows)
    return "\n".join((f"## {table.title}", "", *lines, *(f"\n{note}" for note in table.notes)))


def _inline(text: str) -> str:
    """Return a table's cell on one line, without what Markdown would take for a column's end."""
    figure, _, note = text.replace("|", "\\|").partition("\n")
    return f"{figure} ({' '.join(note.split())})" if note else figure
