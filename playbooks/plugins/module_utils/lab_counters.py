"""The kernel's counters of a host and of a CPU set of it: snapshots, and what happened between two of them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ansible.module_utils.lab_allowances import Allowances

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_FILES = ("stat", "net/netstat", "net/snmp", "net/dev", "diskstats")
_LONGEST = 1 << 20
_SECTOR_BYTES = 512
"""The unit of /proc/diskstats, whatever the disk's own."""


class Snapshot(NamedTuple):
    """Counters since boot; ticks are those of the CPU set, everything else is the host's."""

    busy_ticks: float
    """Of the hypervisor and the kernel's interrupts too: the two that follow are parts of it."""
    interrupt_ticks: float
    steal_ticks: float
    total_ticks: float
    context_switches: float
    received_bytes: float
    sent_bytes: float
    tcp_retransmits: float
    syn_retransmits: float
    listen_overflows: float
    disk_read_bytes: float
    disk_written_bytes: float
    allowance_exceeded: float
    """Packets that a network card of a rented host held back or dropped, since its allowance was used up."""


class Counters:
    """Reads snapshots from files that stay open: 0.2 ms of CPU each, where opening them would cost three times that."""

    def __init__(
        self,
        cpus: Iterable[int],
        proc: Path = Path("/proc"),
        blocks: Path = Path("/sys/block"),
        allowances: Allowances | None = None,
    ) -> None:
        """The counters of this host, and of these CPUs of it, all if there are none."""
        self._cpus = {f"cpu{number}".encode() for number in cpus} or {b"cpu"}
        self._files = [os.open(proc / name, os.O_RDONLY) for name in _FILES]
        # Only what stands for hardware: a partition or a device mapper's volume counts the same bytes again.
        self._disks = {block.name.encode() for block in blocks.glob("*") if (block / "device").exists()}
        self._allowances = allowances or Allowances()

    def read(self) -> Snapshot:
        """The counters now."""
        texts = [os.pread(file, _LONGEST, 0).splitlines() for file in self._files]
        stat, netstat, snmp, interfaces, disks = texts
        tcp_more = _protocol(netstat, b"TcpExt:", (b"TCPSynRetrans", b"ListenOverflows"))
        received, sent = _interface_bytes(interfaces)
        read, written = self._disk_bytes(disks)
        return Snapshot(
            *self._ticks(stat),
            context_switches=next(int(line.split()[1]) for line in stat if line.startswith(b"ctxt")),
            received_bytes=received,
            sent_bytes=sent,
            tcp_retransmits=_protocol(snmp, b"Tcp:", (b"RetransSegs",))[0],
            syn_retransmits=tcp_more[0],
            listen_overflows=tcp_more[1],
            disk_read_bytes=read,
            disk_written_bytes=written,
            allowance_exceeded=self._allowances.read(),
        )

    def close(self) -> None:
        """Close the files."""
        for file in self._files:
            os.close(file)

    def _ticks(self, stat: Sequence[bytes]) -> tuple[int, int, int, int]:
        busy = interrupts = stolen = total = 0
        for line in stat:
            name, *fields = line.split(maxsplit=9)
            if name in self._cpus:
                ticks = [int(field) for field in fields[:8]]  # user nice system idle iowait irq softirq steal
                total += sum(ticks)
                busy += sum(ticks) - ticks[3] - ticks[4]
                interrupts += ticks[5] + ticks[6]
                stolen += ticks[7]
        return busy, interrupts, stolen, total

    def _disk_bytes(self, disks: Sequence[bytes]) -> tuple[int, int]:
        rows = [line.split() for line in disks]
        mine = [row for row in rows if row[2] in self._disks]
        return sum(int(row[5]) for row in mine) * _SECTOR_BYTES, sum(int(row[9]) for row in mine) * _SECTOR_BYTES


def _protocol(lines: Sequence[bytes], name: bytes, counters: Sequence[bytes]) -> list[int]:
    """Counters of /proc/net/netstat or snmp, which has a line of names above a line of values; unknown ones are 0."""
    names, values = (line.split() for line in lines if line.startswith(name))
    return [int(values[names.index(counter)]) if counter in names else 0 for counter in counters]


def _interface_bytes(lines: Sequence[bytes]) -> tuple[int, int]:
    rows = [line.partition(b":")[2].split() for line in lines[2:]]
    return sum(int(row[0]) for row in rows), sum(int(row[8]) for row in rows)


def happened(before: Sequence[float], after: Sequence[float]) -> dict[str, float]:
    """What the host did between two snapshots, which may be interpolated: shares of the CPU set, and counts."""
    grown = Snapshot(*(end - begin for begin, end in zip(before, after, strict=True)))
    counts = grown._asdict()
    ticks = max(1.0, counts.pop("total_ticks"))
    of_ticks = {"cpus_busy": "busy_ticks", "interrupts": "interrupt_ticks", "steal": "steal_ticks"}
    shares = {name: counts.pop(counter) / ticks for name, counter in of_ticks.items()}
    return {**shares, **{name: round(count) for name, count in counts.items()}}
