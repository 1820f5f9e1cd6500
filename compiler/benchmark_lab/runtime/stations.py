"""The controller's side of the stations: one process on each host of a lane that takes orders while a run measures."""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread
from typing import BinaryIO, Protocol

from benchmark_lab.runtime.tools import ToolFailedError

Answer = Mapping[str, object]
"""What an order came to."""

CALL_TIMEOUT_S = 90.0
"""How long the stations of all hosts may take until they answer a call. Ansible needs some 2 s to start them."""
CALL_EVERY_S = 0.1
END_TIMEOUT_S = 30.0
"""How long the playbook of the stations may take to end once all of them are hung up on."""


@dataclass(frozen=True, slots=True)
class Order:
    """What a station is to do."""

    name: str
    params: Mapping[str, object] = field(default_factory=dict)


class Stations(Protocol):
    """The stations of a lane's hosts."""

    def ask(self, orders: Mapping[str, Order]) -> dict[str, Answer]:
        """Give each named host an order, all at once, and return what each came to.

        Raises:
            ToolFailedError: if a host could not carry its order out, or cannot be reached.
        """

    def hang_up(self) -> None:
        """End the stations and what they are about to do; an `ask` in another thread fails."""

    def close(self) -> None:
        """Hang up and wait for the stations' end."""


@dataclass(frozen=True, slots=True)
class _Line:
    """The connection to one host's station."""

    connection: socket.socket
    answers: BinaryIO


class PlaybookStations:
    """Stations that a playbook has started, and that end with it."""

    def __init__(
        self,
        play: Callable[[], None],
        sockets: Mapping[str, AbstractContextManager[Path]],
        redact: Callable[[str], str],
    ) -> None:
        """Start the stations and call each.

        Args:
            play: runs the playbook until its stations end.
            sockets: where this machine reaches each host's station, within, by the host's name.
            redact: takes the secrets from what hosts answer.

        Raises:
            ToolFailedError: if a station does not start, or a host fails.
        """
        self._redact = redact
        self._failures: list[BaseException] = []
        self._lines: dict[str, _Line] = {}
        self._held = ExitStack()
        self._playbook = Thread(target=self._play, args=(play,), name="stations", daemon=True)
        self._playbook.start()
        try:
            deadline = time.monotonic() + CALL_TIMEOUT_S
            for host, path in sockets.items():
                self._lines[host] = self._called(host, self._held.enter_context(path), deadline)
        except BaseException:
            self.close()
            raise

    def _play(self, play: Callable[[], None]) -> None:
        try:
            play()
        except BaseException as error:  # noqa: BLE001  raised again where somebody waits for the stations
            self._failures.append(error)

    def _called(self, host: str, path: Path, deadline_s: float) -> _Line:
        while True:
            if line := _call(path):
                return line
            if not self._playbook.is_alive() or time.monotonic() > deadline_s:
                raise self._failure(f"host {host}: its station does not answer")
            time.sleep(CALL_EVERY_S)

    def ask(self, orders: Mapping[str, Order]) -> dict[str, Answer]:
        """Give each named host an order, all at once, and return what each came to."""
        for host, order in orders.items():
            text = json.dumps({"order": order.name, "params": dict(order.params)})
            with suppress(OSError):  # the answer will be missing
                self._lines[host].connection.sendall(f"{text}\n".encode())
        return {host: self._answer(host, order) for host, order in orders.items()}

    def _answer(self, host: str, order: Order) -> Answer:
        try:
            line = self._lines[host].answers.readline()
        except OSError:
            line = b""
        if not line:
            raise self._failure(f"host {host}: its station ended during the order `{order.name}`")
        answer = json.loads(self._redact(line.decode()))
        if failed := answer.get("failed"):
            raise ToolFailedError(
                f"host {host}: the order `{order.name}` failed: {failed}", output=answer.get("output", "")
            )
        result: Answer = answer["result"]
        return result

    def _failure(self, otherwise: str) -> BaseException:
        """What the playbook says, once it has ended: it knows more than a connection that is gone."""
        self.close()
        return self._failures[0] if self._failures else ToolFailedError(otherwise)

    def hang_up(self) -> None:
        """End the stations and what they are about to do."""
        for line in self._lines.values():
            with suppress(OSError):
                line.connection.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Hang up, and wait for the playbook's end."""
        self.hang_up()
        self._playbook.join(END_TIMEOUT_S)
        for line in self._lines.values():
            line.answers.close()
            line.connection.close()
        self._held.close()


def _call(path: Path) -> _Line | None:
    """A connection to a station that is there; the path is taken from its folder, since it may have 107 bytes."""
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
