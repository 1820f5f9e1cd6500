"""The controller's side of the stations: one process on each host of a lane that takes orders while a run measures."""

from __future__ import annotations

import json
import os
import socket
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Protocol, cast

from benchmark_lab.hosts.ansible import Event
from benchmark_lab.machine.tools import ToolFailedError

StationAnswer = Mapping[str, object]
"""The answer of a station: what an order came to."""

CALL_TIMEOUT_S = 90.0
"""Seconds that the stations of all hosts may take to answer a call; Ansible needs some 2 s to start the stations."""
CALL_EVERY_S = 0.1
FORWARDING = (
    "see the run's logs; over SSH, the host's sshd must allow sockets to be forwarded (AllowStreamLocalForwarding)"
)
END_TIMEOUT_S = 30.0
"""Seconds that the playbook of the stations may take to end once `lab` has hung up on all stations."""


@dataclass(frozen=True, slots=True)
class Order:
    """An order to a station: what the station is to do."""

    name: str
    params: Mapping[str, object] = field(default_factory=dict)


class Stations(Protocol):
    """The stations of a lane's hosts."""

    def call(self) -> None:
        """Start the stations and call each station.

        Raises:
            ToolFailedError: if a station does not start, or a host fails.
        """

    def ask(self, orders: Mapping[str, Order]) -> dict[str, StationAnswer]:
        """Give each named host an order, all at once, and return what each order came to.

        Raises:
            ToolFailedError: if a host could not carry its order out, or cannot be reached.
        """

    def hang_up(self) -> None:
        """End the stations and what they are about to do; a `call` or `ask` in another thread fails."""

    def close(self) -> None:
        """Hang up on the stations and wait for the stations' end."""


OpenStations = Callable[
    [Callable[[Callable[[Event], None]], None], Mapping[str, AbstractContextManager[Path]], Callable[[str], str]],
    Stations,
]
"""A function that makes stations that are not called yet, as `PlaybookStations` does."""


@dataclass(frozen=True, slots=True)
class _Line:
    """The connection to one host's station."""

    connection: socket.socket
    answers: BinaryIO

    def close(self) -> None:
        self.answers.close()
        self.connection.close()


class PlaybookStations:
    """Stations that a playbook starts, and that end with the playbook."""

    def __init__(
        self,
        play: Callable[[Callable[[Event], None]], None],
        sockets: Mapping[str, AbstractContextManager[Path]],
        redact: Callable[[str], str],
    ) -> None:
        """Keep the arguments; nothing is started yet.

        Args:
            play: runs the playbook until the playbook's stations end, and tells of the playbook's events.
            sockets: context managers of the path at which this machine reaches each host's station, by the host's name.
            redact: takes the secrets from what hosts answer.
        """
        self._play = play
        self._sockets = sockets
        self._redact = redact
        self._paths: dict[str, Path] = {}
        self._lines: dict[str, _Line] = {}
        self._held = ExitStack()
        self._playbook = threading.Thread(target=self._run, name="stations", daemon=True)
        self._failure: BaseException | None = None
        self._over = threading.Event()
        """Event that is set once `lab` has hung up on the stations, or one of the stations failed."""

    def _run(self) -> None:
        try:
            self._play(self._take)
        except BaseException as error:  # noqa: BLE001  raised again where somebody waits for the stations
            self._failure = error

    def _take(self, event: Event) -> None:
        if event.kind in {"failed", "unreachable"}:
            self._over.set()

    def call(self) -> None:
        """Start the stations and call each station."""
        for host, path in self._sockets.items():
            self._paths[host] = self._held.enter_context(path)
        self._playbook.start()
        deadline = time.monotonic() + CALL_TIMEOUT_S
        for host, path in self._paths.items():
            while (line := _call(path)) is None:
                if not self._playbook.is_alive() or self._over.is_set() or time.monotonic() > deadline:
                    raise self._failed(f"host {host}: its station does not answer", next_step=FORWARDING)
                time.sleep(CALL_EVERY_S)
            self._lines[host] = line

    def ask(self, orders: Mapping[str, Order]) -> dict[str, StationAnswer]:
        """Give each named host an order, all at once, and return what each order came to."""
        if self._over.is_set():
            raise self._failed("the stations have been hung up on")
        for host, order in orders.items():
            text = json.dumps({"order": order.name, "params": dict(order.params)})
            with suppress(OSError):  # the answer will be missing
                self._lines[host].connection.sendall(f"{text}\n".encode())
        try:
            answers = {host: self._answer(host, order.name) for host, order in orders.items()}
        except BaseException:
            self.hang_up()  # what others still answer belongs to no later order
            raise
        for host, answer in answers.items():
            if isinstance(failed := answer.get("failed"), str):
                raise ToolFailedError(
                    f"host {host}: the order `{orders[host].name}` failed: {failed}",
                    output=str(answer.get("output", "")),
                )
        return {host: cast("StationAnswer", answer["result"]) for host, answer in answers.items()}

    def _answer(self, host: str, order: str) -> StationAnswer:
        try:
            answer: StationAnswer = json.loads(self._redact(self._lines[host].answers.readline().decode()))
        except (OSError, ValueError):  # nothing, or a part of it
            raise self._failed(f"host {host}: its station ended during the order `{order}`") from None
        return answer

    def _failed(self, otherwise: str, next_step: str = "") -> BaseException:
        """Close the stations, and return the playbook's error, or else a ToolFailedError that says `otherwise`.

        The playbook, once ended, knows more than a connection that is gone.
        """
        self.close()
        return self._failure or ToolFailedError(otherwise, next_step=next_step)

    def hang_up(self) -> None:
        """End the stations and what they are about to do."""
        self._over.set()
        for line in self._lines.values():
            with suppress(OSError):
                line.connection.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Hang up, also on stations that have not been called yet, and wait for the playbook's end."""
        self.hang_up()
        deadline = time.monotonic() + END_TIMEOUT_S
        while self._playbook.is_alive() and time.monotonic() < deadline:
            self._playbook.join(CALL_EVERY_S)
            for host in self._paths.keys() - self._lines.keys():
                if line := _call(self._paths[host]):
                    line.close()
        for line in self._lines.values():
            line.close()
        self._held.close()


def _call(path: Path) -> _Line | None:
    """Return a connection to a station, or None if the station does not answer.

    The path is taken from its folder, since a socket's path may have at most 107 bytes.
    """
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.connect(f"/proc/self/fd/{folder}/{path.name}")
        answers = connection.makefile("rb")
        if answers.readline():
            return _Line(connection, answers)
        answers.close()
    except OSError:
        pass
    finally:
        os.close(folder)
    connection.close()
    return None
