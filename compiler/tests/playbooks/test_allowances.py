"""What network cards count, from bytes as the kernel gives them."""

import errno
import socket
import struct
from dataclasses import dataclass, field

from ansible.module_utils.lab_allowances import Allowances, ethtool

ENA = ["tx_timeout", "bw_in_allowance_exceeded", "bw_out_allowance_exceeded", "pps_allowance_exceeded",
       "conntrack_allowance_exceeded", "conntrack_allowance_available", "linklocal_allowance_exceeded",
       "queue_0_tx_cnt"]  # fmt: skip
VETH = ["peer_ifindex", "rx_queue_0_xdp_packets"]


@dataclass
class Kernel:
    """Interfaces with their counters by name; None where an interface has none to tell of."""

    interfaces: dict[str, dict[str, int] | None]
    commands: list[int] = field(default_factory=list)

    def ask(self, interface: str, command: bytearray) -> None:
        if interface not in self.interfaces:
            raise OSError(errno.ENODEV, "No such device")
        counters = self.interfaces[interface]
        (number,) = struct.unpack_from("=I", command)
        self.commands.append(number)
        if number == 0x37:
            _, _, asked = struct.unpack_from("=IIQ", command)
            assert asked == 2
            if counters is None:
                struct.pack_into("=Q", command, 8, 0)
            else:
                struct.pack_into("=I", command, 16, len(counters))
            return
        assert counters is not None
        if number == 0x1B:
            struct.pack_into("=I", command, 8, len(counters))
            for place, name in enumerate(counters):
                struct.pack_into("=32s", command, 12 + 32 * place, name.encode())
        else:
            assert number == 0x1D
            struct.pack_into(f"=I{len(counters)}Q", command, 4, len(counters), *counters.values())


def test_the_allowances_of_all_cards_are_summed_and_nothing_else() -> None:
    first, second = ({name: factor * 10**place for place, name in enumerate(ENA)} for factor in (1, 2))
    kernel = Kernel({"ens5": first, "ens6": second, "veth0": dict.fromkeys(VETH, 7), "lo": None})
    allowances = Allowances(kernel.interfaces, kernel.ask)
    assert allowances.read() == 3 * (10 + 100 + 1_000 + 10_000 + 1_000_000)
    first["pps_allowance_exceeded"] += 5
    assert allowances.read() == 3 * 1_011_110 + 5


def test_where_the_counters_lie_is_looked_up_once() -> None:
    kernel = Kernel({"ens5": dict.fromkeys(ENA, 1), "veth0": dict.fromkeys(VETH, 1)})
    allowances = Allowances(kernel.interfaces, kernel.ask)
    kernel.commands.clear()
    assert allowances.read() == allowances.read() == 5
    assert kernel.commands == [0x1D, 0x1D]


def test_more_queues_than_before_move_no_counter() -> None:
    counters = dict.fromkeys(ENA, 1)
    kernel = Kernel({"ens5": counters})
    allowances = Allowances(kernel.interfaces, kernel.ask)
    kernel.interfaces["ens5"] = {f"queue_{n}_tx_cnt": 9 for n in range(1, 9)} | counters
    assert allowances.read() == 0
    assert allowances.read() == 5


def test_a_card_that_is_taken_away_keeps_its_count() -> None:
    kernel = Kernel({"ens5": dict.fromkeys(ENA, 4)})
    allowances = Allowances(["ens5", "never-there"], kernel.ask)
    assert allowances.read() == 20
    del kernel.interfaces["ens5"]
    assert allowances.read() == 20


def test_the_kernel_of_this_machine_answers_and_its_interfaces_have_no_allowances() -> None:
    command = bytearray(struct.pack("=IIQI", 0x37, 0, 1 << 1, 0))
    ethtool("lo", command)
    assert struct.unpack_from("=I", command) == (0x37,)
    assert "lo" in [name for _, name in socket.if_nameindex()]
    assert Allowances().read() == 0
