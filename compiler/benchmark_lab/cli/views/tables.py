"""Prints tables of results in the terminal: `lab apply` ends with tables, `lab compare` answers with a table."""

from __future__ import annotations

import sys

from rich import box
from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from benchmark_lab.records import Summary
from benchmark_lab.report.naming import summary_names
from benchmark_lab.report.tables import (
    Table,
    cells_table,
    comparisons_table,
    criteria_table,
    further_table,
    invalid_table,
    scaling_table,
    searches_table,
    time_note,
    warnings_table,
    work_table,
)

GAP = 1
"""Number of blanks right of a column, beside the blank that parts the column from the next."""


PIPED_WIDTH = 140


def stdout_console() -> Console:
    """Return the console of standard output, as wide as the terminal.

    Where there is no terminal, the console is wide enough for the tables.
    """
    return Console(width=None if sys.stdout.isatty() else PIPED_WIDTH)


def print_summary(summary: Summary) -> None:
    """Print the tables of a run, and last the run's answer."""
    console = stdout_console()
    tables = (
        cells_table(summary),
        searches_table(summary),
        work_table(summary),
        scaling_table(summary),
        comparisons_table(summary.comparisons, summary_names(summary)),
        further_table(summary),
        invalid_table(summary),
        warnings_table(summary),
        criteria_table(summary),
    )
    for table in tables:
        print_table(console, table)
    console.print(Text(time_note(summary), style="dim"))
    console.print()
    console.print(Text(summary.answer, style="bold"))


def print_table(console: Console, table: Table) -> None:
    """Print one table with the table's notes; leave an empty table out."""
    if not table.rows:
        return
    drawn = RichTable(
        title=Text(table.title), title_justify="left", box=box.SIMPLE_HEAD, show_edge=False, padding=(0, GAP, 0, 0)
    )
    for column, width in zip(table.columns, _widths(table, console.width), strict=True):
        drawn.add_column(column, justify="right" if column in table.numeric else "left", width=width)
    for row in table.rows:
        drawn.add_row(*(Text(text) for text in row))
    console.print(drawn)
    for note in table.notes:
        console.print(Text(note, style="dim"))
    console.print()


def _widths(table: Table, available: int) -> list[int]:
    """Return column widths that fit where words allow a fit.

    The widest column gives way first. No column gets narrower than its longest word.
    """
    texts = [[column, *cells] for column, cells in zip(table.columns, zip(*table.rows, strict=True), strict=True)]
    widths = [max(len(line) for text in column for line in text.splitlines()) for column in texts]
    longest_words = [max(len(word) for text in column for word in text.split()) for column in texts]
    room = available - len(widths) * (GAP + 1)
    while sum(widths) > room:
        slack = [i for i, width in enumerate(widths) if width > longest_words[i]]
        if not slack:
            break
        widths[max(slack, key=lambda i: widths[i])] -= 1
    return widths
