"""Turns a plan into a pull request's comment, with a marker by which the comment is found again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from benchmark_lab.catalog import text_of
from benchmark_lab.cli.views.plan_words import apply_command, baselines, facts
from benchmark_lab.plan import Plan
from benchmark_lab.source.quantity import counted

# GitHub refuses comments of more than 65,536 characters.
_MOST_CELLS = 150
_ENTITIES = {ord(character): f"&#{ord(character)};" for character in "\\`*_[]<>|#@&"}


def markdown(file: str, plan: Plan) -> str:
    """Return a plan as Markdown, as GitHub shows Markdown."""
    return "\n".join(_lines(file, plan)) + "\n"


def _lines(file: str, plan: Plan) -> Iterator[str]:
    yield f"<!-- lab-plan:{file} -->"
    yield f"### `{file}`"
    yield ""
    yield f"> {_escaped(plan.experiment.question)}"
    yield ""
    yield from _table(("", ""), ((f"**{heading}**", _escaped(words)) for heading, words in facts(plan).items()))
    yield ""
    cells, comparisons = counted(len(plan.cells), "cell"), counted(len(plan.contrasts), "comparison")
    yield f"<details><summary>{cells}, {comparisons}</summary>"
    yield ""
    compared = baselines(plan)
    axes = ("implementation", "server", "workers", "scenario")
    shown = plan.cells[:_MOST_CELLS]
    rows = (
        (
            f"`{cell.id}`",
            cell.implementation,
            cell.server,
            str(cell.workers),
            cell.scenario,
            ", ".join(f"{name}={_escaped(text_of(value))}" for name, value in cell.parameters.items()),
            _partner(compared.get(cell.id, "")),
        )
        for cell in shown
    )
    yield from _table(("cell", *axes, "parameters", "compared with"), rows)
    if len(plan.cells) > len(shown):
        yield ""
        yield f"and {len(plan.cells) - len(shown)} more: `lab plan --json {file}` lists them all"
    yield ""
    yield "</details>"
    if plan.ruled_out:
        yield ""
        yield "**Ruled out**"
        yield ""
        yield from (f"- {entry.reason}: {counted(entry.combinations, 'combination')}" for entry in plan.ruled_out)
    if plan.notes:
        yield ""
        yield "**Notes**"
        yield ""
        yield from (f"- {_escaped(note)}" for note in plan.notes)
    yield ""
    yield "To run it:"
    yield ""
    yield "```sh"
    yield apply_command(file, plan.experiment.changes)
    yield "```"


def _partner(partner: str) -> str:
    return f"`{partner}`" if partner not in ("", "baseline") else partner


def _table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    columns = list(header)
    yield f"| {' | '.join(columns)} |"
    yield f"|{'---|' * len(columns)}"
    yield from (f"| {' | '.join(row)} |" for row in rows)


def _escaped(text: str) -> str:
    """Return text that cannot become Markdown, HTML, a mention or a new line, whatever people wrote."""
    return " ".join(text.translate(_ENTITIES).split())
