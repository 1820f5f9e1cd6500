"""What shows of a server on the machine that it runs on: its memory, from Linux's /proc."""

from __future__ import annotations

from pathlib import Path

from benchmark_lab.conformance.report import NotVisibleError


def resident_bytes(pid: int) -> int:
    """Resident memory of a process and its descendants."""
    parents: dict[int, int] = {}
    memory: dict[int, int] = {}
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            text = status.read_text(encoding="ascii", errors="replace")
        except OSError:
            continue
        fields = dict(line.split(":", 1) for line in text.splitlines() if ":" in line)
        parents[int(fields["Pid"])] = int(fields["PPid"])
        memory[int(fields["Pid"])] = int(fields.get("VmRSS", "0 kB").split()[0]) * 1024
    if pid not in memory:
        raise NotVisibleError(f"process {pid} is not on this machine")
    family = {pid}
    while more := {child for child, parent in parents.items() if parent in family} - family:
        family |= more
    return sum(memory[member] for member in family if member in memory)
