"""`lab resume`: goes on with a run that was interrupted or killed, without measuring anything twice."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from benchmark_lab.apply.run import require_its_bundle
from benchmark_lab.apply.stages import build
from benchmark_lab.apply.status import state_of
from benchmark_lab.cli.apply import agree_to_pay, carry_out
from benchmark_lab.cli.input import options
from benchmark_lab.cli.input.inventory import read_inventory
from benchmark_lab.cli.input.project import find_root
from benchmark_lab.cli.views.stages import print_stages
from benchmark_lab.store.bundles import read_bundle, worst_case_usd
from benchmark_lab.store.run_folder import run_folder
from benchmark_lab.store.run_state import read_run_state
from benchmark_lab.store.runs import find_run


def resume(
    run: Annotated[str, typer.Argument(help="A run: its folder, or its name or id below results/.")],
    inventory: options.InventoryFile = None,
    yes: options.Yes = False,
    dry_run: options.DryRun = False,
    as_json: options.AsJson = False,
) -> None:
    """Go on with a run where its journal ends: what is measured stays, and the schedule is the same.

    The run's hosts are prepared and the run's implementations are proven anew.
    The exit codes are the same as of `lab apply`; 0 where the run is complete already.
    """
    folder = run_folder(find_run(run, Path.cwd()))
    outcome, _ = read_run_state(folder.journal)
    if outcome.ended == "complete":
        if dry_run and as_json:
            print_stages(folder.path.name, "complete", (), as_json=True)
            return
        typer.echo(f"Run {folder.path.name} is complete: there is nothing left to do.", err=True)
        typer.echo(f"Next: lab compare {folder.path.name}", err=True)
        return
    if dry_run:
        bundle = read_bundle(folder.bundle)
        require_its_bundle(folder, bundle, outcome)
        stages = build(bundle.experiment, bundle.cells.cells, bundle.schedule, outcome)
        print_stages(folder.path.name, f"{state_of(outcome)} at {outcome.last_at}", stages, as_json=as_json)
        return
    agree_to_pay(worst_case_usd(folder.bundle), yes=yes)
    listed = read_inventory(inventory) if inventory else None
    raise typer.Exit(carry_out(folder, find_root(folder.path), (), listed, as_json=as_json))
