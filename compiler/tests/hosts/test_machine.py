import pytest

from benchmark_lab.bundle import Hardware, HostShape
from benchmark_lab.hosts.cpus import share_out
from benchmark_lab.hosts.facts import by_host
from benchmark_lab.machine.tools import ToolFailedError


def hardware(sut: int, load: int) -> Hardware:
    return Hardware(name="default", sut=HostShape(cpus=sut), load=HostShape(cpus=load))


def test_two_cpus_are_disjoint_for_sut_and_load_and_the_rest_shares_the_loads() -> None:
    sets = share_out((0, 1), hardware(1, 1))
    assert (sets.sut, sets.load, sets.db, sets.upstream) == ((0,), (1,), (1,), (1,))
    assert sets.rest == (1,)
    assert sets.labels() == ("database-and-load-share-cpus",)


def test_database_and_upstream_get_their_own_cpus_where_there_are_enough() -> None:
    sets = share_out(tuple(range(8)), hardware(2, 2))
    assert (sets.sut, sets.load, sets.db, sets.upstream) == ((0, 1), (2, 3), (4, 5, 6), (7,))
    assert sets.labels() == ()


def test_one_cpu_is_shared_by_all_and_the_results_say_so() -> None:
    sets = share_out((3,), hardware(1, 1))
    assert sets.sut == sets.load == sets.rest == (3,)
    assert "sut-and-load-share-cpus" in sets.labels()


def test_a_sut_of_every_cpu_shares_the_last_one_with_the_load_and_the_results_say_so() -> None:
    sets = share_out((0, 1), hardware(2, 1))
    assert (sets.sut, sets.load, sets.db, sets.upstream) == ((0, 1), (1,), (1,), (1,))
    assert sets.rest == (0, 1)
    assert sets.labels() == ("sut-and-load-share-cpus", "database-and-load-share-cpus")


def test_too_few_cpus_are_refused_with_both_numbers() -> None:
    with pytest.raises(ToolFailedError, match=r"4 CPUs for the sut and 1 for the load; this machine offers 2"):
        share_out((0, 1), hardware(4, 1))


def test_what_hosts_have_in_common_is_told_once_and_the_rest_by_host() -> None:
    facts = {"sut": {"kernel": "6.1", "cpu": "EPYC"}, "load": {"kernel": "6.1", "cpu": "Xeon", "turbo": "on"}}
    assert by_host(facts) == {"kernel": "6.1", "cpu of sut": "EPYC", "cpu of load": "Xeon", "turbo of load": "on"}
