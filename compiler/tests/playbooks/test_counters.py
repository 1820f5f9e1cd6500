import socket
from pathlib import Path
from typing import Any

from ansible.module_utils.lab_allowances import Allowances
from ansible.module_utils.lab_counters import Counters, Snapshot, happened

STAT = """cpu  90 0 60 800 50 0 0 0 0 0
cpu0 50 0 30 400 20 0 0 0 0 0
cpu1 40 0 30 400 20 0 5 5 0 0
intr 123 0 0
ctxt 4567
"""
NETSTAT = """TcpExt: SyncookiesSent ListenOverflows TCPSynRetrans
TcpExt: 0 3 7
IpExt: InNoRoutes
IpExt: 0
"""
SNMP = """Ip: Forwarding
Ip: 1
Tcp: RtoAlgorithm MaxConn RetransSegs
Tcp: 1 -1 11
"""
DEV = """Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop
    lo: 1000       1    0    0    0     0          0         0     1000       1    0    0    0     0       0          0
  eth0:20000       1    0    0    0     0          0         0      300       1    0    0    0     0       0          0
"""
DISKS = """ 254       0 vda 10 0 100 5 20 0 200 6 0 7 8
 254       1 vda1 10 0 90 5 20 0 190 6 0 7 8
 253       0 dm-0 10 0 80 5 20 0 180 6 0 7 8
"""


def host(folder: Path) -> dict[str, Any]:
    (folder / "proc/net").mkdir(parents=True)
    files = {"stat": STAT, "net/netstat": NETSTAT, "net/snmp": SNMP, "net/dev": DEV, "diskstats": DISKS}
    for name, text in files.items():
        (folder / "proc" / name).write_text(text)
    (folder / "block/vda/device").mkdir(parents=True)
    (folder / "block/dm-0").mkdir()
    return {"proc": folder / "proc", "blocks": folder / "block", "allowances": Allowances([])}


def test_a_snapshot_has_the_ticks_of_the_cpu_set_and_the_counters_of_the_host(tmp_path: Path) -> None:
    counters = Counters([1], **host(tmp_path))
    assert counters.read() == Snapshot(
        busy_ticks=80,
        interrupt_ticks=5,
        steal_ticks=5,
        total_ticks=500,
        context_switches=4567,
        received_bytes=21_000,
        sent_bytes=1300,
        tcp_retransmits=11,
        syn_retransmits=7,
        listen_overflows=3,
        disk_read_bytes=100 * 512,
        disk_written_bytes=200 * 512,
        allowance_exceeded=0,
    )
    counters.close()


def test_without_a_cpu_set_all_cpus_count(tmp_path: Path) -> None:
    counters = Counters([], **host(tmp_path))
    assert counters.read().total_ticks == 1000
    counters.close()


def test_a_counter_that_the_kernel_lacks_is_zero(tmp_path: Path) -> None:
    where = host(tmp_path)
    (where["proc"] / "net/netstat").write_text("TcpExt: SyncookiesSent\nTcpExt: 4\n")
    counters = Counters([], **where)
    assert counters.read().listen_overflows == 0
    counters.close()


def test_two_snapshots_make_shares_and_counts() -> None:
    before = Snapshot(100, 20, 10, 1000, *[50.0] * 9)
    after = Snapshot(150, 24, 11, 1200, *[50.4] * 9)
    found = happened(before, after)
    assert found["cpus_busy"] == 0.25
    assert found["interrupts"] == 0.02
    assert found["steal"] == 0.005
    assert found["syn_retransmits"] == 0
    assert "total_ticks" not in found


def test_bytes_sent_on_this_machine_are_counted() -> None:
    counters = Counters([])
    before = counters.read()
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        accepted, _ = server.accept()
        client.sendall(b"x" * 50_000)
        accepted.close()
    found = happened(before, counters.read())
    counters.close()
    assert found["sent_bytes"] >= 50_000
    assert found["received_bytes"] >= 50_000
