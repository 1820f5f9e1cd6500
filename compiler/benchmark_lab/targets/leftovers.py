"""Finds and ends, in the next command, what a `lab` left that was killed or could not clean up."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path

from benchmark_lab.hosts.ansible import Ansible
from benchmark_lab.machine.folders import is_controlled, remove_state, run_states
from benchmark_lab.machine.process import end_marked, marked_pids
from benchmark_lab.machine.tools import ResourcesRemainError, ToolFailedError, Tools
from benchmark_lab.targets import driver_names, find_driver


class UncleanHostsError(ResourcesRemainError):
    """`lab` could not clean hosts other than this machine."""


def leftover_states() -> list[Path]:
    """Return the state folders whose controller is gone.

    Call this function with the machine locked: otherwise a run that begins looks as if its controller were gone.
    """
    return [folder for folder in sorted(run_states().glob("*/")) if not is_controlled(folder)]


def reap_all(project: Path, tools: Tools, environment: Mapping[str, str], say: Callable[[str], None]) -> None:
    """End what every run of this user left, and tell the user; call this function with the machine locked.

    Raises:
        ToolFailedError: if the processes of a run cannot be ended.
    """
    for state in leftover_states():
        say(f"Cleaning up after run {state.name}, which was killed or could not do it itself.")
        try:
            reap(state, project, tools, environment, say)
        except UncleanHostsError as error:
            say(f"Its hosts could not be cleaned; the next run on them does it. {error.output}")
            remove_state(state)


def reap(state: Path, project: Path, tools: Tools, environment: Mapping[str, str], say: Callable[[str], None]) -> None:
    """End every process that the run of this state started, and remove the hosts that the run made, and the state.

    `lab` asks each driver whether the driver made the hosts. A driver that cannot be imported may own the hosts. If no
    driver made the hosts, the hosts stay. The Ansible role that ends an undisturbed run then ends the processes on
    these hosts, with the inventory that the run left. The Ansible roles are the project's, since the run's own bundle
    may be gone.

    Raises:
        UncleanHostsError: if hosts that are not this machine cannot be cleaned; the state stays.
        ResourcesRemainError: if hosts that the run made cannot be removed; the state stays.
        ToolFailedError: if the processes cannot be ended, or no driver made the hosts and a driver cannot be asked.
    """
    try:
        mark = json.loads((state / "controller.json").read_text())["mark"]
    except (OSError, ValueError, KeyError):
        mark = None
    if mark:
        end_marked(mark)
    broken: list[ToolFailedError] = []
    for name in driver_names():
        try:
            driver = find_driver(name)
        except ToolFailedError as error:
            broken.append(error)
            continue
        if driver.remove_leftovers(state, tools, environment, say):
            break
    else:
        if broken:
            raise broken[0]
        with ExitStack() as lanes:  # each, whatever happens with another
            for inventory in state.rglob("inventory.json"):
                lanes.callback(_clean_hosts, inventory, state, project, tools, environment)
    remove_state(state)


def _clean_hosts(inventory: Path, state: Path, project: Path, tools: Tools, environment: Mapping[str, str]) -> None:
    playbook = [
        {"hosts": "all", "gather_facts": False, "environment": {"TMPDIR": "{{ lab_tmp }}"}, "roles": ["cleanup"]}
    ]
    (state / "reap.yml").write_text(json.dumps(playbook))
    ansible = Ansible(
        tools, playbooks=state, sources=project / "playbooks", state=state, logs=state, environment=environment
    )
    try:
        ansible.play("reap", inventory, variables={}, secret_env={}, on_event=lambda _: None)
    except ToolFailedError as error:
        if not _is_remote(inventory):
            raise
        raise UncleanHostsError(
            f"processes of run {state.name} may still be running on a host",
            output=str(error),
            next_step="see that the host can be reached, then try again; the next run on these hosts ends them, too",
        ) from error


def _is_remote(inventory: Path) -> bool:
    return bool(json.loads(inventory.read_text())["all"]["vars"]["ansible_connection"] == "ssh")


def remove_all(  # noqa: PLR0917  as reap's, whose arguments these are
    state: Path,
    marks: Iterable[str],
    project: Path,
    tools: Tools,
    environment: Mapping[str, str],
    say: Callable[[str], None],
) -> bool:
    """Remove what a run left that is not carried out any more, and check that nothing is left.

    Return True if there was anything to remove.

    Args:
        state: the run's state folder, which may be gone.
        marks: the marks in the environment of the processes that the run's controllers started.
        project: the project's folder, with the Ansible roles that clean up.
        tools: the seam to other programs.
        environment: the caller's environment.
        say: the function that tells the user.

    Raises:
        ResourcesRemainError: if something could not be removed.
    """
    known = [*marks]
    found = state.exists() or any(map(marked_pids, known))
    for mark in known:
        end_marked(mark)
    try:
        if state.exists():
            reap(state, project, tools, environment, say)
    except ResourcesRemainError:
        raise
    except ToolFailedError as error:
        raise ResourcesRemainError(
            f"what run {state.name} left in {state} cannot be removed", output=str(error), next_step="try again"
        ) from error
    if pids := sorted(pid for mark in known for pid in marked_pids(mark)):
        raise ResourcesRemainError(
            f"processes of run {state.name} do not end: {', '.join(map(str, pids))}",
            next_step=f"end them: kill -9 {' '.join(map(str, pids))}",
        )
    return found
