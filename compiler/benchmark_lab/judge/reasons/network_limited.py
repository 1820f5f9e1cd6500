"""The reason `network-limited` (METHOD 10)."""

from __future__ import annotations

from benchmark_lab.judge.case import Case
from benchmark_lab.judge.rule import reason


@reason("network-limited", rank=120, bound="network")
def network_limited(case: Case) -> str | None:
    """The network lost or refused connections, or a rented host met the network allowance of its type.

    `sut` or `load` had to ask for connections again, or a full listen queue refused them. On a rented host, one of
    ENA's counters `…_allowance_exceeded` rose.

    Do: use fewer virtual users, keep-alive, a longer listen queue, or a type with more bandwidth.
    """
    seen = [
        f"{count:,} {what} on {role}"
        for role, host in case.hosts.items()
        for count, what in (
            (host.syn_retransmits if role != "db" else 0, "SYN retransmits"),
            (host.listen_overflows if role != "db" else 0, "listen overflows"),
            (host.allowance_exceeded, "packets beyond the network allowance"),
        )
        if count
    ]
    return f"{', '.join(seen)}, none are allowed" if seen else None
