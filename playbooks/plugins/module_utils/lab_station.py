"""Takes orders on a host from the controller, one after the other, over a socket of the file system; a JSON line each.

A module of Ansible's starts anew for each task: that costs half a second, several times a trial. A station starts once.
Each order runs in a process of its own, as a module would, so that it leaves nothing behind in the station. It may
answer before it is done (`waits`); the next order then goes to the same process.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import traceback
from typing import TYPE_CHECKING, Any, NoReturn

from ansible.module_utils.lab_processes import die_with_parent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    Order = dict[str, Any]
    """The parameters of an order."""
    Result = dict[str, Any]
    Confer = Callable[[Result], Order]
    """Answers an order so far, and returns the parameters of the order that takes it up again."""
    Act = Callable[[Order, Confer], Result]
    """Does what an order asks for."""

END_TIMEOUT_S = 2.0
"""How long an order may take to end once the controller has hung up: it holds SIGTERM off while it records a server."""
CALLER_TIMEOUT_S = 120.0
"""How long a station waits for the controller to call."""
_PIECE = 1 << 16


class NoCallerError(Exception):
    """Nobody called; the text says for how long."""


@contextlib.contextmanager
def listening(path: Path) -> Iterator[socket.socket]:
    """A socket at a path that only its owner may use; a former one there is replaced.

    Bound from within its folder, since the path of a socket has at most 107 bytes.
    """
    os.chdir(path.parent)
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path.name)  # noqa: PTH108  relative on purpose
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        former = os.umask(0o177)
        try:
            listener.bind(path.name)
        finally:
            os.umask(former)
        try:
            listener.listen(1)
            yield listener
        finally:
            os.unlink(path.name)  # noqa: PTH108


def take_orders(path: Path, acts: Mapping[str, Act], timeout_s: float = CALLER_TIMEOUT_S) -> int:
    """Take the orders of the one controller that calls, until it hangs up.

    Args:
        path: of the socket.
        acts: what to do, by the order's name.
        timeout_s: how long to wait for the call.

    Returns:
        How many orders came.

    Raises:
        NoCallerError: if nobody called in time.
    """
    with listening(path) as listener:
        listener.settimeout(timeout_s)
        try:
            connection, _ = listener.accept()
        except TimeoutError as error:
            raise NoCallerError(f"the controller did not call within {timeout_s:g} s") from error
    connection.settimeout(None)
    count, rest = 0, b""
    with connection, contextlib.suppress(ConnectionError):
        _say(connection, {"ready": True})
        while piece := connection.recv(_PIECE):
            *lines, rest = (rest + piece).split(b"\n")
            for line in lines:
                count += 1
                if not _carried_out(connection, acts, json.loads(line)):
                    return count
    return count


def _carried_out(connection: socket.socket, acts: Mapping[str, Act], order: dict[str, Any]) -> bool:
    """Carry an order out in a process of its own; False if the controller hung up meanwhile, which ends it."""
    station = os.getpid()
    pid = os.fork()
    if pid == 0:
        _carry_out(connection, acts, order, station)
    with contextlib.suppress(OSError):  # it may have done so itself, and may have ended
        os.setpgid(pid, pid)
    ended = os.pidfd_open(pid)
    poller = select.poll()
    poller.register(ended, select.POLLIN)
    poller.register(connection, select.POLLRDHUP)
    hung_up = all(descriptor != ended for descriptor, _ in poller.poll())
    poller.unregister(connection)
    for number in (signal.SIGTERM, signal.SIGKILL) if hung_up else ():
        os.killpg(pid, number)
        if poller.poll(END_TIMEOUT_S * 1000):
            break
    os.close(ended)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if not hung_up and code != 0:
        _say(connection, {"failed": f"its process ended with status {code}"})
    return not hung_up


def _carry_out(connection: socket.socket, acts: Mapping[str, Act], order: dict[str, Any], station: int) -> NoReturn:
    """Be the process of an order, which ends with its station."""
    status = 1
    try:
        die_with_parent(station)
        os.setpgid(0, 0)

        def confer(so_far: Result) -> Order:
            _say(connection, {"result": {**so_far, "waits": True}})
            with connection.makefile("rb") as lines:  # its station reads none meanwhile
                params: Order = json.loads(lines.readline())["params"]
            return params

        _say(connection, {"result": acts[order["order"]](order["params"], confer)})
        status = 0
    except Exception as error:  # noqa: BLE001  whatever it is, the controller is told
        with contextlib.suppress(OSError):
            _say(connection, {"failed": f"{type(error).__name__}: {error}", "output": traceback.format_exc()})
            status = 0
    finally:
        os._exit(status)


def _say(connection: socket.socket, answer: dict[str, Any]) -> None:
    connection.sendall(json.dumps(answer).encode() + b"\n")
