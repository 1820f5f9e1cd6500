from ipaddress import IPv4Network
from pathlib import Path

import pytest
import yaml

from benchmark_lab.bundle import Hardware, HostShape
from benchmark_lab.cli import main
from benchmark_lab.hosts.cpus import CpuSets
from benchmark_lab.targets.testbed.inventory import inventory
from benchmark_lab.targets.testbed.layout import NETWORK, NoRoomError, lay_out, share_out_to_lanes
from benchmark_lab.targets.testbed.needs import installation, missing

CPUS = CpuSets(sut=(0,), load=(1,), db=(2, 3), upstream=(4,))
HARDWARE = Hardware(name="small", sut=HostShape(cpus=1), load=HostShape(cpus=1))


def test_hosts_get_names_addresses_and_the_cpus_of_their_role() -> None:
    hosts = lay_out({"sut": 1, "load": 2, "db": 1}, [CPUS], NETWORK)
    assert [(host.name, host.address, host.cpus) for host in hosts] == [
        ("sut-0", "198.18.0.2", (0,)),
        ("load-0", "198.18.0.3", (1,)),
        ("load-1", "198.18.0.4", (1,)),
        ("db-0", "198.18.0.5", (2, 3, 4)),
    ]


def test_a_host_of_another_lane_has_another_name() -> None:
    hosts = lay_out({"sut": 2, "db": 1}, [CPUS, CPUS], NETWORK)
    assert [(host.name, host.lane) for host in hosts] == [
        *(("sut-0", 0), ("sut-1", 0), ("db-0", 0)),
        *(("sut-2", 1), ("sut-3", 1), ("db-1", 1)),
    ]


def test_a_network_holds_as_many_hosts_as_it_has_addresses_beside_the_gateway() -> None:
    network = IPv4Network("198.19.255.0/29")
    hosts = lay_out({"sut": 5}, [CPUS], network)
    assert [host.address for host in hosts] == [f"198.19.255.{number}" for number in (2, 3, 4, 5, 6)]
    with pytest.raises(NoRoomError, match="for 5 hosts, not for 6"):
        lay_out({"sut": 6}, [CPUS], network)


def test_lanes_have_cpus_of_their_own_where_there_are_enough() -> None:
    first, second = share_out_to_lanes((0, 1, 2, 3, 4, 5), HARDWARE, 2)
    assert (first.sut, first.load, first.db) == ((0,), (1,), (2,))
    assert (second.sut, second.load, second.db) == ((3,), (4,), (5,))
    first, second = share_out_to_lanes((0, 1, 2), HARDWARE, 2)
    assert first == second


def test_the_inventory_lists_hosts_by_lane_and_role_and_how_to_log_in() -> None:
    hosts = lay_out({"sut": 1, "load": 1}, [CPUS, CPUS], NETWORK)
    assert yaml.safe_load(inventory(hosts, Path("/state"))) == {
        "schema": 1,
        "ssh": {"user": "root", "key": "/state/id_ed25519", "known_hosts": "/state/known_hosts"},
        "lanes": [
            {
                "sut": [{"name": "sut-0", "address": "198.18.0.2"}],
                "load": [{"name": "load-0", "address": "198.18.0.3"}],
            },
            {
                "sut": [{"name": "sut-1", "address": "198.18.0.4"}],
                "load": [{"name": "load-1", "address": "198.18.0.5"}],
            },
        ],
    }


def test_what_a_machine_lacks_is_named_with_its_package(tmp_path: Path) -> None:
    lacks = missing({"PATH": str(tmp_path)})
    assert "`debootstrap` (Debian package debootstrap)" in lacks
    assert "`ip` (Debian package iproute2)" in lacks
    command = installation({"PATH": str(tmp_path)})
    assert command is not None
    assert command.startswith("apt-get install --no-install-recommends debootstrap ")


@pytest.mark.parametrize("network", ["192.0.2.0/24", "198.18.0.1/24", "here"])
def test_a_network_outside_the_range_for_benchmarks_is_refused(
    network: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["testbed", "up", "--network", network])
    assert ended.value.code == 2
    assert "--network" in capsys.readouterr().err
