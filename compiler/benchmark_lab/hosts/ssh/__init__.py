"""Hosts that an inventory lists and SSH reaches: a run takes the hosts, and leaves them as it found them."""

from __future__ import annotations

import json
import os
import pwd
import re
import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmark_lab.bundle import Role
from benchmark_lab.hosts.cpus import CpuSets, available_cpus
from benchmark_lab.hosts.facts import machine_id
from benchmark_lab.hosts.inventory import Inventory, Lane, Login
from benchmark_lab.hosts.prepared import STATION, HostRequest, Hosts, lane_folder, write_inventory
from benchmark_lab.hosts.ssh import files
from benchmark_lab.hosts.ssh import lane as lanes
from benchmark_lab.hosts.ssh.access import Access
from benchmark_lab.hosts.ssh.session import HostSession, open_session
from benchmark_lab.machine import folders
from benchmark_lab.machine.lock import MACHINE, LockedError
from benchmark_lab.machine.process import start_ticks
from benchmark_lab.machine.tools import ResourcesRemainError, ToolFailedError

LETS_GO_S = 60.0
"""Seconds that a host may take to notice that a connection is gone."""
PASSED_ON = ("PATH", "HOME", "USER", "SSH_AUTH_SOCK")
"""Variables of the caller's environment that ssh needs."""


@dataclass(frozen=True, slots=True)
class RemoteSite:
    """A lane of hosts that sessions hold."""

    lane: Lane
    sessions: Mapping[str, HostSession]
    layouts: Mapping[str, lanes.Layout]
    logs: Path
    end: LanesEnd

    def address(self, role: Role) -> str:
        """Return the address at which the lane's other hosts reach the role's host."""
        return self._session(role).access.host.address

    def forwarded(self, role: Role, port: int) -> AbstractContextManager[str]:
        """Return a context manager of the address at which the controller reaches a port of the role's host."""
        return self._session(role).forwarded(port)

    def station(self, host: str) -> AbstractContextManager[Path]:
        """Return a context manager of the path at which the controller reaches the socket of a host's station."""
        return self.sessions[host].forwarded_socket(f"{self.layouts[host].variables()['lab_folder']}/{STATION}")

    def server_log(self) -> str:
        """Return what the server has written so far."""
        name = self.lane.sut[0].name
        return self.sessions[name].read(f"{self.layouts[name].variables()['lab_folder']}/logs/sut.log")

    def server_memory(self, pid: int) -> None:
        """Return None: the controller does not see the server's memory.

        Only the deeper conformance checks ask for the server's memory, and these checks run on this machine.
        """
        del pid

    def clock_offsets_s(self) -> dict[str, float]:
        """Return the seconds that each host's monotonic clock is ahead of the load host's, by host name.

        The errors of these seconds go to `clocks.jsonl`.
        """
        offsets = {name: session.clock_offset() for name, session in self.sessions.items()}
        base = offsets[self.lane.load[0].name]
        found = {name: offset.seconds - base.seconds for name, offset in offsets.items()}
        errors = {name: offset.error_s + base.error_s for name, offset in offsets.items()}
        with (self.logs / "clocks.jsonl").open("a", encoding="utf-8") as log:
            log.write(json.dumps({"offset_s": found, "error_s": errors}) + "\n")
        return found

    def release(self, finish: Callable[[], None]) -> None:
        """End what runs on the hosts and let go of the hosts, or remove the hosts.

        Raises:
            ResourcesRemainError: if something may still be running on a host, or a host is still there.
        """
        try:
            if self.end.remove is None:
                finish()
        except ToolFailedError as error:
            self.end.keeps_state = True
            raise ResourcesRemainError(
                "processes of this run may still be running on a host",
                output=str(error),
                next_step="the next run on these hosts ends them, and so does `lab destroy`",
            ) from error
        finally:
            for session in self.sessions.values():
                session.close()
            self.end.released()

    def _session(self, role: Role) -> HostSession:
        of_role = {"sut": self.lane.sut, "load": self.lane.load, "db": self.lane.db, "upstream": self.lane.db}
        return self.sessions[of_role[role][0].name]


def make_hosts(
    wanted: HostRequest, inventory: Inventory, remove: Callable[[], object] | None = None, metadata: str = ""
) -> Sequence[Hosts]:
    """Take the lanes of an inventory for a run, as many as the run's experiment asks for.

    Nothing is started on the hosts yet.

    Args:
        wanted: what the hosts are for.
        inventory: the lanes to take from; where there are fewer than the experiment asks for, `lab` takes all.
        remove: removes the hosts after the run, where the hosts were made for the run.
        metadata: address (`host:port`) that tells a host that somebody takes the host away; empty where nobody can.

    Raises:
        LockedError: if another run holds one of the hosts.
        ToolFailedError: if a host cannot be reached, or lacks something that this target does not install.
    """
    state = wanted.state
    if own := not state.exists():
        folders.new_state(state, wanted.mark)
    taken = inventory.lanes[: wanted.bundle.experiment.lanes]
    end = LanesEnd(len(taken), state, remove)
    archive = files.pack(wanted.bundle, state / "files.tar.gz")
    try:
        with ExitStack() as held:
            made = [
                _lane_of_hosts(
                    wanted, lane, inventory.ssh, number=number, archive=archive, metadata=metadata, end=end, held=held
                )
                for number, lane in enumerate(taken)
            ]
            held.pop_all()
    except BaseException:
        if own:
            folders.remove_state(state)
        raise
    return made


@dataclass(slots=True)
class LanesEnd:
    """The steps that are left to do once every lane is released."""

    lanes: int
    """Number of lanes that are not released yet."""
    state: Path
    remove: Callable[[], object] | None
    keeps_state: bool = False
    """True if something of the run may be left on a host: the state folder stays, so that `lab` finds the rest."""

    def released(self) -> None:
        """Count one more lane as released.

        After the last lane, remove the hosts that were made for the run.
        Then remove the run's state folder, unless `keeps_state`.
        """
        self.lanes -= 1
        if self.lanes == 0:
            if self.remove is not None:
                self.remove()
            if not self.keeps_state:
                folders.remove_state(self.state)


def _lane_of_hosts(
    wanted: HostRequest,
    lane: Lane,
    login: Login,
    *,
    number: int,
    archive: Path,
    metadata: str,
    end: LanesEnd,
    held: ExitStack,
) -> Hosts:
    """Return the hosts of one lane, which stay held until `held` lets them go."""
    state, experiment = lane_folder(wanted.state, number), wanted.bundle.experiment
    of_lane = lanes.chosen(lane, wanted.hardware)
    on_a_machine = len(of_lane.load) * experiment.lanes if experiment.hosts.shared else 1
    with _held(of_lane, login, wanted) as (sessions, layouts):
        cpus = lanes.share_out(of_lane, sessions, wanted.hardware)
        asked = [package for language in experiment.languages for package in language.packages]
        lacking = lanes.packages(of_lane, sessions, asked)
        if not experiment.hosts.installs:
            lanes.require(lacking, sessions)
        common = {
            "lab_run": wanted.state.name,
            "lab_archive": str(archive),
            "lab_controller_files": str(wanted.bundle.files),
            "lab_controller_cache": str(folders.cache_root(wanted.caller.environment)),
            "lab_changes": experiment.hosts.changeable,
            "lab_metadata": metadata,
            "lab_load_hosts_beside": on_a_machine - 1,
        }
        hosts = lanes.inventory(of_lane, sessions, layouts, cpus=cpus, lacking=lacking, common=common)
    for session in sessions.values():
        held.callback(session.close)
    machines = lanes.machines(of_lane, sessions)
    shared = experiment.hosts.shared
    return Hosts(
        ansible=wanted.ansible(number),
        inventory=write_inventory(state / "inventory.json", hosts),
        names=lanes.by_role(of_lane),
        site=RemoteSite(of_lane, sessions, layouts, lane_folder(wanted.logs, number), end),
        cpus=cpus,
        controller_cpus=_beside(cpus) if shared else available_cpus(),
        labels=cpus.labels() if shared else (),
        machine=machines,
        identity={**machines, **({"machine": machine_id()} if shared else lanes.identities(of_lane, sessions))},
        secrets=wanted.secrets,
        load_hosts=wanted.hardware.load.count,
        load_cpus=lanes.load_cpus(of_lane, sessions, cpus, shared=shared),
        k6="",
        toolchains=experiment.toolchains,
    )


@contextmanager
def _held(
    of_lane: Lane, login: Login, wanted: HostRequest
) -> Iterator[tuple[dict[str, HostSession], dict[str, lanes.Layout]]]:
    """Hold every host of the lane, also after the context ends, unless something fails within the context."""
    run, environment = wanted.state.name, wanted.caller.environment
    folder = lanes.state_folder(wanted.state)
    user = pwd.getpwuid(os.getuid()).pw_name
    owner = f"run {run} ({user} on {socket.gethostname()}, pid {os.getpid()})"
    passed = {name: environment[name] for name in PASSED_ON if name in environment}
    sessions: dict[str, HostSession] = {}
    layouts: dict[str, lanes.Layout] = {}
    with ExitStack() as opened:
        for number, host in enumerate(of_lane.hosts()):
            access = Access(host, login, lanes.socket_in(folder, number))
            layouts[host.name] = layout = lanes.Layout(access.user, run, files.name_of(wanted.bundle))
            session = _opened(
                partial(
                    open_session,
                    access,
                    root=layout.root,
                    cache=layout.cache,
                    lock=MACHINE,
                    run=run,
                    owner=owner,
                    environment=passed,
                    log=folder / f"{host.name}.log",
                    tools=wanted.tools,
                )
            )
            opened.callback(session.close)
            sessions[host.name] = session
        yield sessions, layouts
        opened.pop_all()


def _opened(open_it: Callable[[], HostSession]) -> HostSession:
    """Open a session on a host, and wait where a controller of this machine that is gone still holds the host.

    A host that was cut off from its controller soon lets go of itself.
    """
    deadline = time.monotonic() + LETS_GO_S
    while True:
        try:
            return open_it()
        except LockedError as error:
            holder = re.search(rf" on {re.escape(socket.gethostname())}, pid (\d+)\)$", str(error))
            if holder is None or start_ticks(int(holder[1])) is not None or time.monotonic() > deadline:
                raise
            time.sleep(1)


def _beside(cpus: CpuSets) -> tuple[int, ...]:
    """Return this machine's CPUs without the server's, where the lane's hosts are parts of this machine."""
    return tuple(sorted({*available_cpus()} - {*cpus.sut})) or available_cpus()
