"""The connection to one host over a run, which holds the host's lock and tells the controller about the host."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmark_lab.bundle import Part
from benchmark_lab.hosts.ssh.access import Access
from benchmark_lab.machine.lock import LockedError
from benchmark_lab.machine.tools import Conversation, ToolFailedError, Tools

OPEN_TIMEOUT_S = 30.0
ANSWER_TIMEOUT_S = 20.0
CLOCK_QUESTIONS = 16

_PROGRAM = Path(__file__).with_name("agent.py")
_COMMAND = "python3 -c 'import json, sys; exec(json.loads(sys.stdin.readline()))'"


class Facts(Part):
    """The facts of a host: what the host is, and what the host has."""

    machine: dict[str, str]
    machine_id: str
    """Id that tells the host from other hosts that are alike."""
    cpus: tuple[int, ...]
    python: str
    packages: tuple[str, ...]
    """Names of the Debian packages that are installed."""
    postgresql: bool
    users: tuple[str, ...]
    former: tuple[str, ...]
    """Names of the runs that left their folder on the host, since nobody ended these runs as they should."""


@dataclass(frozen=True, slots=True)
class ClockOffset:
    """Seconds that a host's monotonic clock is ahead of the controller's, and the error of these seconds."""

    seconds: float
    error_s: float


@dataclass(frozen=True, slots=True)
class HostSession:
    """A session on a host, which holds the host."""

    access: Access
    facts: Facts
    _conversation: Conversation
    _tools: Tools

    def clock_offset(self) -> ClockOffset:
        """Return the clock offset from the exchange that took least.

        The host's answer lies somewhere within the exchange.
        """
        return min((self._exchange() for _ in range(CLOCK_QUESTIONS)), key=lambda offset: offset.error_s)

    def _exchange(self) -> ClockOffset:
        before = time.monotonic()
        there = float(str(self._ask({"ask": "clock"})["monotonic_s"]))
        after = time.monotonic()
        return ClockOffset(there - (before + after) / 2, (after - before) / 2)

    def read(self, path: str) -> str:
        """Return the text of a file on the host."""
        return str(self._ask({"ask": "read", "path": path})["text"])

    def _ask(self, question: Mapping[str, object]) -> dict[str, object]:
        return _answer(self._conversation, json.dumps(question), ANSWER_TIMEOUT_S, self.access)

    @contextmanager
    def forwarded(self, port: int) -> Iterator[str]:
        """Forward a port of the host's own address within the context, and yield the address on this machine."""
        with socket.create_server(("127.0.0.1", 0)) as probe:
            here = f"127.0.0.1:{probe.getsockname()[1]}"
        with self._forward(f"{here}:{self.access.host.address}:{port}", f"port {port}"):
            yield here

    @contextmanager
    def forwarded_socket(self, path: str) -> Iterator[Path]:
        """Forward a socket of the host's file system within the context, and yield the path on this machine.

        The path reaches the host's socket once the socket is there.
        """
        here = self.access.socket.with_suffix(f"{self.access.socket.suffix}.{Path(path).name}")
        with self._forward(f"{here}:{path}", path):
            try:
                yield here
            finally:
                here.unlink(missing_ok=True)

    @contextmanager
    def _forward(self, route: str, what: str) -> Iterator[None]:
        done = self._tools.run(self.access.forwarding("forward", route))
        if done.status != 0:
            raise ToolFailedError(f"{self.access.described}: {what} cannot be forwarded", output=done.stderr)
        try:
            yield
        finally:
            self._tools.run(self.access.forwarding("cancel", route))

    def close(self) -> None:
        """Let go of the host."""
        self._conversation.close()


def open_session(
    access: Access,
    *,
    root: str,
    cache: str,
    lock: Path,
    run: str,
    owner: str,
    environment: Mapping[str, str],
    log: Path,
    tools: Tools,
) -> HostSession:
    """Log in to a host and take the host for a run.

    Args:
        access: how SSH reaches the host.
        root: folder on the host for all that this user's runs write there.
        cache: folder on the host for builds, which stay and which every user of the host can read.
        lock: file on the host that every user's runs lock.
        run: name of the run, whose own folder is made below `root`.
        owner: words that tell the next run who holds the host, as long as the host is held.
        environment: variables with which ssh finds an agent.
        log: file that gets ssh's messages.
        tools: the seam to other programs.

    Raises:
        ToolFailedError: if the host cannot be reached or used.
        LockedError: if another run holds the host.
    """
    conversation = tools.converse(access.opening(_COMMAND), env=environment, log=log)
    try:
        order = json.dumps({"root": root, "cache": cache, "lock": str(lock), "run": run, "owner": owner})
        hello = f"{json.dumps(_PROGRAM.read_text(encoding='utf-8'))}\n{order}"
        answer = _answer(conversation, hello, OPEN_TIMEOUT_S, access, log)
    except BaseException:
        conversation.close()
        raise
    if holder := answer["held_by"]:
        conversation.close()
        raise LockedError(f"{access.described} is in use by {holder}")
    return HostSession(access, Facts.model_validate(answer), conversation, tools)


def _answer(
    conversation: Conversation, line: str, timeout_s: float, access: Access, log: Path | None = None
) -> dict[str, object]:
    answer = conversation.ask(line, timeout_s)
    if answer is None:
        raise ToolFailedError(
            f"{access.described} does not answer over SSH",
            output=log.read_text(errors="replace") if log else "",
            next_step="check that it runs, its address, user and key, and that known_hosts has its public key",
        )
    found: dict[str, object] = json.loads(answer)
    return found
