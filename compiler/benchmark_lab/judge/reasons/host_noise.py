"""The reason and the warning `host-noise`: others took CPU time (METHOD 10)."""

from __future__ import annotations

from benchmark_lab.judge.case import Case
from benchmark_lab.judge.rule import reason, warning
from benchmark_lab.judge.surroundings import SHARED_HOST_FACTOR, crowded, stolen


@reason("host-noise", rank=90, needs="load", thresholds=("steal", "others_cpu"))
def host_noise(case: Case) -> str | None:
    """The hypervisor took CPU time from `sut`, `load` or `db`, or other processes used the server's CPUs.

    Of several load hosts, the one that lost most counts. A shared machine may lose ten times `steal`, and other
    processes on it only bring a warning. The kernel's interrupts are no other process.

    Do: measure again at another time or on hosts of your own, and end what else runs there.
    """
    allowed = case.thresholds.steal * (SHARED_HOST_FACTOR if case.shared_host else 1)
    if evidence := stolen(case, allowed):
        where = "of a shared machine" if case.shared_host else "of a host of one's own"
        return f"{evidence}, at most {allowed:.0%} {where} are allowed"
    if not case.shared_host and (evidence := crowded(case)):
        return f"{evidence}, at most {case.thresholds.others_cpu:.0%} are allowed"
    return None


@warning("host-noise", rank=10, unless=("host-noise",), thresholds=("steal", "others_cpu"))
def host_noise_of_shared_machine(case: Case) -> str | None:
    """On a shared machine, the hypervisor took more CPU time than `steal`, or other processes more than `others_cpu`.

    Do: prefer CPU per request to throughput and latency.
    """
    took = (stolen(case, case.thresholds.steal), case.thresholds.steal), (crowded(case), case.thresholds.others_cpu)
    evidence = ", and ".join(f"{said}, more than {limit:.0%}" for said, limit in took if said)
    return f"{evidence}, on a shared machine" if evidence else None
