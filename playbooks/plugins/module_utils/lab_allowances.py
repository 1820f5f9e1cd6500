"""How often a host's network cards held traffic back because its allowance was used up, as Amazon's ENA counts it.

The counters are those of `ethtool -S`, asked of the kernel as ethtool does (include/uapi/linux/ethtool.h); what they
mean: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/monitoring-network-performance-ena.html
"""

from __future__ import annotations

import ctypes
import fcntl
import socket
import struct
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    Ask = Callable[[str, bytearray], None]
    """Has the kernel answer, in place, a command of ethtool to an interface; OSError where it does not."""

COUNTED = b"_allowance_exceeded"
"""Packets that were queued or dropped: bw_in, bw_out, pps, conntrack and linklocal."""
_SIOCETHTOOL = 0x8946
_GSTRINGS, _GSTATS, _GSSET_INFO = 0x1B, 0x1D, 0x37
_STATS = 1
_NAME_BYTES = 32
_SLACK = 64
"""Counters that a card may get while it is asked: the kernel writes as many as there are, not as there is room for."""


def ethtool(interface: str, command: bytearray) -> None:
    """Ask the kernel; anybody may, for these commands."""
    place = ctypes.addressof((ctypes.c_char * len(command)).from_buffer(command))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        fcntl.ioctl(asking, _SIOCETHTOOL, struct.pack("16sP16x", interface.encode(), place))


class Card(NamedTuple):
    """How many counters an interface has, and which of them count."""

    counters: int
    places: Sequence[int]


class Allowances:
    """The counters of a host's interfaces; where they lie is looked up once."""

    def __init__(self, interfaces: Iterable[str] | None = None, ask: Ask = ethtool) -> None:
        """Those of these interfaces; None: of all that the host has now."""
        names = [name for _, name in socket.if_nameindex()] if interfaces is None else interfaces
        cards = {name: _look_up(name, ask) for name in names}
        self._cards = {name: card for name, card in cards.items() if card.places}
        self._counts = dict.fromkeys(self._cards, 0)
        self._ask = ask

    def read(self) -> int:
        """The sum since the drivers were loaded; 0 where no card has such counters."""
        for name, card in self._cards.items():
            command = bytearray(struct.pack("=II", _GSTATS, card.counters) + bytes(8 * (card.counters + _SLACK)))
            with suppress(OSError):  # it was taken away: what it counted stays
                self._ask(name, command)
                if struct.unpack_from("=II", command)[1] == card.counters:
                    self._counts[name] = sum(struct.unpack_from("=Q", command, 8 + 8 * at)[0] for at in card.places)
                else:  # its queues, which have counters too, are others now
                    self._cards[name] = _look_up(name, self._ask)
        return sum(self._counts.values())


def _look_up(interface: str, ask: Ask) -> Card:
    """What an interface counts; nothing if it does not answer."""
    try:
        size = bytearray(struct.pack("=IIQI", _GSSET_INFO, 0, 1 << _STATS, 0))
        ask(interface, size)
        _, _, known, count = struct.unpack("=IIQI", size)
        if not known:
            return Card(0, ())
        names = bytearray(struct.pack("=III", _GSTRINGS, _STATS, count) + bytes(_NAME_BYTES * (count + _SLACK)))
        ask(interface, names)
    except OSError:
        return Card(0, ())
    begins = range(12, 12 + _NAME_BYTES * count, _NAME_BYTES)
    every = [bytes(names[begin : begin + _NAME_BYTES]).partition(b"\0")[0] for begin in begins]
    return Card(count, [place for place, name in enumerate(every) if name.endswith(COUNTED)])
