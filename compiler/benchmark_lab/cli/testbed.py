"""`lab testbed`: makes hosts of its own on this machine, shows the hosts, and removes the hosts."""

# ruff: noqa: PT028  the command's name only begins like a test's

from __future__ import annotations

import os
import secrets
from datetime import UTC, datetime
from enum import StrEnum
from ipaddress import IPv4Network
from typing import Annotated

import typer

from benchmark_lab.bundle import Hardware, HostShape
from benchmark_lab.cli.input import options
from benchmark_lab.machine.interrupts import Interrupts
from benchmark_lab.machine.process import Processes
from benchmark_lab.targets.testbed import lifecycle as hosts
from benchmark_lab.targets.testbed.layout import NETWORK, RANGE, TestbedRole
from benchmark_lab.targets.testbed.status import TestbedStatus

INTERRUPTED = 130
HARDWARE = Hardware(name="testbed", sut=HostShape(cpus=1), load=HostShape(cpus=1))


class Action(StrEnum):
    """Actions that `lab testbed` carries out on a testbed."""

    UP = "up"
    DOWN = "down"
    STATUS = "status"


def _network(text: str) -> IPv4Network:
    try:
        network = IPv4Network(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    if not network.subnet_of(RANGE):
        raise typer.BadParameter(f"{network} is not within {RANGE}, the range for benchmarks")
    return network


_Count = Annotated[int, typer.Option(min=1, help="With `up`: how many hosts of this role in each lane.")]


def testbed(
    action: Annotated[Action, typer.Argument(help="What to do.", show_default=False)],
    sut: _Count = 1,
    load: _Count = 1,
    db: _Count = 1,
    lanes: Annotated[int, typer.Option(min=1, help="With `up`: how many sets of hosts.")] = 1,
    network: Annotated[
        IPv4Network,
        typer.Option(parser=_network, metavar="NETWORK", help=f"With `up`: the hosts' addresses, within {RANGE}."),
    ] = NETWORK,
    as_json: options.AsJson = False,
) -> None:
    """Make Debian hosts in namespaces of this machine, reached over SSH; look at them; or remove them without a trace.

    The command needs root on Linux.
    Exit codes: 3 something is missing or failed and nothing is left behind, 6 there is a testbed already,
    7 something could not be removed.
    """
    interrupts = Interrupts(lambda _: _say("Interrupted: removing what was made."))
    machine = hosts.Machine(Processes(), os.environ, _say, interrupts)
    try:
        with interrupts.handled():
            match action:
                case Action.UP:
                    counts: dict[TestbedRole, int] = {"sut": sut, "load": load, "db": db}
                    wanted = hosts.TestbedRequest(counts, lanes, HARDWARE, network)
                    made = hosts.up(machine, wanted, name=secrets.token_hex(4), now=datetime.now(UTC))
                    _show(made, as_json=as_json)
                    _say("Next: lab testbed status, or lab testbed down")
                case Action.DOWN:
                    _say("The testbed is removed." if hosts.down(machine) else "There is no testbed.")
                case Action.STATUS:
                    _show(hosts.status(machine), as_json=as_json)
    except KeyboardInterrupt:
        raise typer.Exit(INTERRUPTED) from None


def _say(text: str) -> None:
    typer.echo(text, err=True)


def _show(status: TestbedStatus, *, as_json: bool) -> None:
    if as_json:
        typer.echo(status.model_dump_json(indent=1, by_alias=True))
        return
    typer.echo(f"testbed: {status.state}")
    for host in status.hosts:
        cpus = ",".join(map(str, host.cpus))
        typer.echo(f"  {host.name}  {host.address}  CPUs {cpus}  {'answers' if host.answers else 'does not answer'}")
    if status.hosts:
        first = status.hosts[0]
        login = f"ssh -i {first.key_file} -o UserKnownHostsFile={first.known_hosts_file} {first.user}@{first.address}"
        typer.echo(f"log in: {login}")
    if status.inventory_file:
        typer.echo(f"inventory: {status.inventory_file}")
