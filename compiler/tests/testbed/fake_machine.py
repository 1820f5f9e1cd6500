"""A machine in memory, on which `ip`, `iptables`, `mount` and their like work, and any command can be the last."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from benchmark_lab.machine.tools import Completed, Conversation

DONE = Completed(0, "", "")
NOT_THERE = Completed(1, "", "not there")
EXISTS = Completed(2, "", "exists")
BUSY = Completed(32, "", "busy")

CHECKS = {
    ("grep", "-qx", "1", "/proc/sys/net/ipv4/ip_forward"): "forwarding",
    ("iptables", "-w", "-t", "nat", "-C"): "nat {rest}",
    ("iptables", "-w", "-t", "filter", "-C"): "filter {rest}",
    ("ip", "link", "show", "dev"): "link {4}",
    ("mountpoint", "-q"): "mount {2}",
    ("test",): "{2}",
}
"""What each command looks for, makes or removes, in terms of its own words."""

MAKES = {
    ("sysctl", "-qw", "net.ipv4.ip_forward=1"): "forwarding",
    ("iptables", "-w", "-t", "nat", "-A"): "nat {rest}",
    ("iptables", "-w", "-t", "filter", "-I"): "filter {rest}",
    ("ip", "link", "add"): "link {3}",
    ("ip", "netns", "add"): "/run/netns/{3}",
    ("mount", "--bind"): "mount {3}",
    ("mkdir",): "{1}",
}
REMOVES = {
    ("sysctl", "-qw", "net.ipv4.ip_forward=0"): "forwarding",
    ("iptables", "-w", "-t", "nat", "-D"): "nat {rest}",
    ("iptables", "-w", "-t", "filter", "-D"): "filter {rest}",
    ("ip", "link", "delete", "dev"): "link {4}",
    ("ip", "netns", "delete"): "/run/netns/{3}",
    ("umount",): "mount {1}",
    ("rmdir",): "{1}",
    ("rm", "--recursive", "--force", "--one-file-system"): "{4}",
}


class KilledError(BaseException):
    """As if `lab` had been killed in this moment."""


class FakeMachine:
    """Things by kind and name; each command is counted."""

    def __init__(self, *things: str) -> None:
        self.things = set(things)
        self.commands: list[tuple[str, ...]] = []
        self.killed_at: int | None = None
        self.killed_after_effect = False
        self.refuses: Callable[[tuple[str, ...]], bool] = lambda _: False

    def run(
        self,
        argv: Sequence[str],
        *,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        timeout_s: float = 60,
    ) -> Completed:
        del cwd, env, timeout_s
        self.commands.append(tuple(argv))
        killed = len(self.commands) - 1 == self.killed_at
        if killed and not self.killed_after_effect:
            raise KilledError
        done = Completed(1, "", "refused") if self.refuses(tuple(argv)) else self.effect(tuple(argv))
        if killed:
            raise KilledError
        return done

    def stream(
        self, argv: Sequence[str], *, env: Mapping[str, str], cwd: Path, log: Path, on_line: Callable[[str], None]
    ) -> int:
        raise NotImplementedError

    def converse(self, argv: Sequence[str], *, env: Mapping[str, str], log: Path) -> Conversation:
        raise NotImplementedError

    def start(self, argv: Sequence[str], *, env: Mapping[str, str], log: Path) -> None:
        raise NotImplementedError

    def effect(self, argv: tuple[str, ...]) -> Completed:
        if thing := _thing(argv, CHECKS):
            return DONE if thing in self.things else NOT_THERE
        if thing := _thing(argv, MAKES):
            made, self.things = thing not in self.things, self.things | {thing}
            return DONE if made else EXISTS
        if thing := _thing(argv, REMOVES):
            place = thing.removeprefix("mount ")
            if place == "/run/netns" and any(other.startswith(f"{place}/") for other in self.things):
                return BUSY
            removed, self.things = thing in self.things, self.things - {thing}
            return DONE if removed else NOT_THERE
        return DONE


def _thing(argv: tuple[str, ...], commands: Mapping[tuple[str, ...], str]) -> str:
    """What the command is about, if it is one of these."""
    return next(
        (
            name.format(*argv, rest=" ".join(argv[5:]))
            for words, name in commands.items()
            if argv[: len(words)] == words
        ),
        "",
    )
