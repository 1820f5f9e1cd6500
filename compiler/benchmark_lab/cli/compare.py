"""`lab compare`: compares a run's cells with the run's baseline, or the same cells of two runs, with intervals."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from benchmark_lab.cli.views.tables import print_table, stdout_console
from benchmark_lab.judge.metrics import METRICS
from benchmark_lab.report.naming import side_names
from benchmark_lab.report.tables import comparisons_table
from benchmark_lab.results.runs import RunComparison, asked_metrics, compare_run, compare_runs
from benchmark_lab.store.runs import find_run, read_run

NO_VALID_RESULT = 4


def compare(
    run: Annotated[str, typer.Argument(help="A run: its folder, or its name or id below results/.")],
    other: Annotated[str | None, typer.Argument(help="A second run, compared with the first as baseline.")] = None,
    metric: Annotated[
        list[str] | None, typer.Option(help="Compare this metric only, such as throughput_rps; may be repeated.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the comparison as JSON.")] = False,
) -> None:
    """Compare a run's cells with its baseline, or the same cells of two runs.

    Ratios have 95 % intervals; within one run the ratios are paired by round.
    Exit code 4: measured, but a compared cell has no valid trial.
    """
    metrics = asked_metrics(metric or ())
    runs = [read_run(find_run(named, Path.cwd())) for named in (run, other) if named is not None]
    comparison = compare_run(runs[0], metrics) if len(runs) == 1 else compare_runs(runs[0], runs[1], metrics)
    if as_json:
        typer.echo(comparison.model_dump_json(indent=1, by_alias=True))
    else:
        _print(comparison)
    if any(found.n == 0 and METRICS[found.metric].ranking != "informative" for found in comparison.comparisons):
        raise typer.Exit(NO_VALID_RESULT)


def _print(comparison: RunComparison) -> None:
    for note in comparison.notes:
        typer.echo(f"note: {note}", err=True)
    if not comparison.comparisons:
        typer.echo("The experiment has no baseline, so there is nothing to compare within the run.", err=True)
    print_table(stdout_console(), comparisons_table(comparison.comparisons, side_names(comparison)))
