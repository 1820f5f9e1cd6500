"""Turns a plan into text for the terminal."""

from __future__ import annotations

from collections.abc import Iterator

from benchmark_lab.cli.views.plan_words import baselines, facts
from benchmark_lab.plan import Plan
from benchmark_lab.source.quantity import counted

_MOST_CELLS = 60


def text(plan: Plan) -> str:
    """Return a plan as aligned lines; where there are very many cells, the first cells stand for all."""
    return "\n".join(_lines(plan)) + "\n"


def _lines(plan: Plan) -> Iterator[str]:
    yield f"{plan.experiment.name}: {plan.experiment.question}"
    yield ""
    for heading, words in facts(plan).items():
        yield f"{heading:<9} {words}"
    yield ""
    yield f"cells ({len(plan.cells)})"
    shown = plan.cells[:_MOST_CELLS]
    width = max(len(cell.id) for cell in shown)
    compared = baselines(plan)
    for cell in shown:
        partner = compared.get(cell.id, "")
        role = f"against {partner}" if partner not in ("", "baseline") else partner
        yield f"  {cell.id:<{width}}  {role}".rstrip()
    if len(plan.cells) > len(shown):
        yield f"  and {len(plan.cells) - len(shown)} more: --json lists them all"
    if plan.ruled_out:
        yield ""
        yield f"ruled out ({counted(sum(entry.combinations for entry in plan.ruled_out), 'combination')})"
        for entry in plan.ruled_out:
            yield f"  {entry.combinations:>5}  {entry.reason}"
    if plan.notes:
        yield ""
        yield "notes"
        for note in plan.notes:
            yield f"  {note}"
