"""`lab apply`: compile experiments, carry them out, and end with what the numbers show."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import typer

from benchmark_lab.apply.run import apply as apply_bundle
from benchmark_lab.apply.stages import Stage, build
from benchmark_lab.bundle import Cells, Experiment, Schedule
from benchmark_lab.cli.input import options
from benchmark_lab.cli.input.caller import find_caller
from benchmark_lab.cli.input.inventory import read_inventory
from benchmark_lab.cli.input.project import find_root, plan_file, read_catalog
from benchmark_lab.cli.views.progress import RunProgress
from benchmark_lab.cli.views.stages import print_stages
from benchmark_lab.cli.views.tables import print_summary
from benchmark_lab.diagnostics import LabError
from benchmark_lab.emit import emit
from benchmark_lab.hosts.inventory import Inventory
from benchmark_lab.machine.lock import LockedError
from benchmark_lab.machine.process import Processes
from benchmark_lab.plan import Plan, duration_words
from benchmark_lab.records import Summary
from benchmark_lab.store.bundles import write_bundle
from benchmark_lab.store.run_folder import RunFolder, new_run_folder
from benchmark_lab.store.run_state import RunState, read_run_state

CRITERIA_FAILED = 1
NO_VALID_RESULT = 4
INTERRUPTED = 130


class NotAgreedError(LabError):
    """The user did not agree to the cost of the run."""

    exit_code = 2


def apply(
    files: options.Files,
    target: options.TargetOption = None,
    rounds: options.RoundsOption = None,
    lanes: options.Lanes = None,
    window: options.WindowOption = None,
    only: options.Only = None,
    keywords: options.Keywords = "",
    inventory: options.InventoryFile = None,
    yes: options.Yes = False,
    dry_run: options.DryRun = False,
    as_json: options.AsJson = False,
) -> None:
    """Run experiments and write their results to results/YYYY-MM-DD/.

    Exit codes: 0 done, 1 a criterion of the experiment failed, 3 a tool or host failed and nothing is left behind,
    4 measured but some cell has no valid result or a criterion is undecided, 6 another run holds the machine,
    7 something may still be running.
    """
    root = find_root(Path.cwd())
    catalog = read_catalog(root)
    listed = read_inventory(inventory) if inventory else None
    changes = options.changes(target, rounds, lanes, window, only, keywords)
    plans = [plan_file(file, catalog, changes) for file in files]  # every mistake comes before the first run
    if dry_run:
        for plan in plans:
            became = f"from its beginning, at most {duration_words(plan.worst_case_s)}"
            print_stages(plan.experiment.name, became, stages_of(plan), as_json=as_json)
        return
    agree_to_pay(sum(plan.worst_case_usd for plan in plans), yes=yes)
    code = max(_start(plan, root, listed, as_json=as_json) for plan in plans)
    raise typer.Exit(code)


def stages_of(plan: Plan) -> tuple[Stage, ...]:
    """Return the stages of a run of this plan that has not begun; write nothing."""
    files = emit(plan).files
    experiment = Experiment.model_validate_json(files["experiment.json"])
    cells = Cells.model_validate_json(files["cells.json"]).cells
    return build(experiment, cells, Schedule.model_validate_json(files["schedule.json"]), RunState())


def agree_to_pay(usd: float, *, yes: bool) -> None:
    """Go on where nothing costs money, or the user agrees to the highest cost.

    Raises:
        NotAgreedError: if the user does not agree.
    """
    if not usd or yes:
        return
    asked = f"This rents hosts for ${usd:.2f} at most."
    if not sys.stdin.isatty():
        raise NotAgreedError(f"{asked}\nhelp: agree to it with --yes; `lab plan` says what it is made of")
    if not typer.confirm(f"{asked} Go on?", err=True):
        raise NotAgreedError("Nothing was rented.")


def _start(plan: Plan, root: Path, inventory: Inventory | None, *, as_json: bool) -> int:
    folder = new_run_folder(root / "results", plan.experiment.name, datetime.now(UTC))
    write_bundle(emit(plan), root, folder.bundle, Processes())
    try:
        return carry_out(folder, root, plan.notes, inventory, as_json=as_json)
    except LockedError:
        drop_unless_begun(folder)
        raise


def drop_unless_begun(folder: RunFolder) -> None:
    """Remove the folder of a run that never had its hosts.

    Where a run lost its hosts on the way, say how to go on with the run.
    """
    outcome, _ = read_run_state(folder.journal)
    if outcome.hosts:
        _say_how_to_go_on(folder)
    else:
        shutil.rmtree(folder.path)


def carry_out(
    folder: RunFolder, root: Path, notes: Sequence[str], inventory: Inventory | None, *, as_json: bool
) -> int:
    """Carry out a run, or what is left of the run, print the outcome, and return the exit code.

    Args:
        folder: the run's folder, with the run's bundle.
        root: the project's root folder.
        notes: the notes to say first.
        inventory: the hosts that the user listed.
        as_json: print the summary as JSON.
    """
    tools = Processes()
    try:
        with RunProgress() as progress:
            for note in notes:
                progress.say(f"note: {note}")
            summary = apply_bundle(folder, tools, tools.mark, find_caller(root, tools, inventory), progress)
    except KeyboardInterrupt:
        _say_how_to_go_on(folder, "Interrupted. ")
        raise typer.Exit(INTERRUPTED) from None
    except LockedError:
        raise
    except LabError:
        _say_how_to_go_on(folder)
        raise
    if as_json:
        typer.echo(summary.model_dump_json(indent=1, by_alias=True))
    else:
        print_summary(summary)
    typer.echo(f"Results: {_shown(folder)}", err=True)
    typer.echo(f"Next: lab compare {folder.run}", err=True)
    return exit_code(summary)


def exit_code(summary: Summary) -> int:
    """Return the exit code of a complete run: criteria decide first, then whether every cell has a valid result."""
    held = {criterion.held for criterion in summary.criteria}
    if False in held:
        return CRITERIA_FAILED
    every = all(cell.has_result and not cell.retired for cell in summary.cells)
    return 0 if every and None not in held else NO_VALID_RESULT


def _say_how_to_go_on(folder: RunFolder, what: str = "") -> None:
    typer.echo(f"{what}What was measured is in {_shown(folder)}", err=True)
    typer.echo(f"Go on with: lab resume {folder.path.name}", err=True)


def _shown(folder: RunFolder) -> str:
    here = Path.cwd()
    return str(folder.path.relative_to(here) if folder.path.is_relative_to(here) else folder.path)
