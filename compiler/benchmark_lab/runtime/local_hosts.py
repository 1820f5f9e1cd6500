"""This machine as the hosts of a bundle: made before the first playbook, released after the last."""

from __future__ import annotations

from pathlib import Path

from benchmark_lab.bundle import Hardware
from benchmark_lab.runtime import local
from benchmark_lab.runtime.ansible import Ansible
from benchmark_lab.runtime.hosts import Hosts, write_inventory
from benchmark_lab.runtime.leftovers import remove_state
from benchmark_lab.runtime.outcome import Origin
from benchmark_lab.runtime.secret import Secrets
from benchmark_lab.runtime.store import LoadedBundle
from benchmark_lab.runtime.tools import ResourcesRemainError, ToolFailedError, Tools


def make_hosts(
    bundle: LoadedBundle,
    hardware: Hardware,
    *,
    state: Path,
    logs: Path,
    origin: Origin,
    tools: Tools,
    mark: str,
    secrets: Secrets,
) -> Hosts:
    """Share this machine out among the roles; nothing is started yet.

    Args:
        bundle: what is going to run.
        hardware: how many CPUs each role asks for.
        state: the run's state folder, made here.
        logs: folder of the playbooks' output.
        origin: where the run comes from.
        tools: the seam to other programs.
        mark: what `tools` marks the processes with that it starts.
        secrets: of this run.

    Raises:
        ToolFailedError: if the machine lacks CPUs or PostgreSQL.
    """
    environment = origin.environment
    postgres = local.find_postgres(environment, local.state_root())
    cache = local.cache_root(environment)
    k6 = local.find_k6(environment, tools)
    inventory, cpus = local.inventory(state, bundle.folder, hardware, postgres, cache)
    local.new_state(state, [name for hosts in cpus.hosts(hardware.load.count).values() for name in hosts], mark)
    ansible = Ansible(
        tools,
        playbooks=bundle.folder / "playbooks",
        sources=bundle.files / "playbooks",
        state=state,
        logs=logs,
        environment=environment,
    )
    return Hosts(
        ansible=ansible,
        inventory=write_inventory(state / "inventory.json", inventory),
        cpus=cpus,
        secrets=secrets,
        load_boxes=hardware.load.count,
        k6=k6,
    )


def release(hosts: Hosts) -> None:
    """Stop everything and remove the state.

    Raises:
        ResourcesRemainError: if something could not be stopped.
    """
    state = hosts.ansible.state
    try:
        hosts.finish()
        remove_state(state)
    except ToolFailedError as error:
        raise ResourcesRemainError(
            f"processes of this run may still be running below {state}",
            output=str(error),
            next_step="the next `lab apply` or `lab doctor` ends them",
        ) from error
