from pathlib import Path

import pytest

from benchmark_lab.hosts.cpus import CpuSets
from benchmark_lab.machine.tools import ToolFailedError
from benchmark_lab.targets.testbed import network, rootfs
from benchmark_lab.targets.testbed.layout import NETWORK, lay_out
from benchmark_lab.targets.testbed.registry import Registry, Step, carry_out, read_registry, save, undo_all
from benchmark_lab.targets.testbed.removal import is_there
from tests.testbed.fake_machine import FakeMachine, KilledError

CPUS = CpuSets(sut=(0,), load=(1,), db=(2, 3), upstream=(4,))
HOSTS = lay_out({"sut": 1}, [CPUS], NETWORK)
OTHERS = (
    "forwarding",
    "link docker0",
    "nat POSTROUTING -j MASQUERADE",
    "/run/netns",
    "mount /run/netns",
    "/run/netns/others",
)


def steps() -> list[Step]:
    return [rootfs.partial(Path("/cache/testbed/rootfs")), *network.steps(HOSTS, NETWORK, 1400, "1a2b")]


def new_registry(folder: Path) -> Registry:
    return save(Registry(id="1a2b", made_at="2026-01-01", network=NETWORK, hosts=HOSTS), folder)


def undo(folder: Path, machine: FakeMachine) -> list[str]:
    registry = read_registry(folder)
    assert registry is not None
    return [change.what for change in undo_all(registry, machine, lambda _: None)]


@pytest.mark.parametrize("things", [(), OTHERS])
def test_whatever_command_lab_is_killed_at_everything_made_is_undone_and_nothing_else(
    tmp_path: Path, things: tuple[str, ...]
) -> None:
    whole = FakeMachine(*things)
    carry_out(steps(), new_registry(tmp_path), tmp_path, whole)
    assert whole.things > set(things)
    for after_effect in (False, True):
        for command in range(len(whole.commands)):
            machine = FakeMachine(*things)
            machine.killed_at, machine.killed_after_effect = command, after_effect
            with pytest.raises(KilledError):
                carry_out(steps(), new_registry(tmp_path), tmp_path, machine)
            assert undo(tmp_path, machine) == []
            assert machine.things == set(things)


def test_a_testbed_of_another_name_is_not_there(tmp_path: Path) -> None:
    folder = tmp_path / "testbed"
    assert not is_there(folder)
    folder.mkdir()
    assert is_there(folder, "3c4d")  # what `up` left before it wrote anything down
    new_registry(folder)
    assert is_there(folder)
    assert is_there(folder, "1a2b")
    assert not is_there(folder, "3c4d")


def test_an_undoing_that_was_killed_is_finished_by_the_next(tmp_path: Path) -> None:
    machine = FakeMachine()
    carry_out(steps(), new_registry(tmp_path), tmp_path, machine)
    made = len(machine.commands)
    undo(tmp_path, machine)
    for command in range(made, len(machine.commands)):
        again = FakeMachine()
        carry_out(steps(), new_registry(tmp_path), tmp_path, again)
        again.killed_at = command
        with pytest.raises(KilledError):
            undo(tmp_path, again)
        assert undo(tmp_path, again) == []
        assert again.things == set()


def test_a_link_that_others_made_is_refused_and_left_alone(tmp_path: Path) -> None:
    machine = FakeMachine("link lab-bridge")
    with pytest.raises(ToolFailedError, match="a network link lab-bridge already") as raised:
        carry_out(steps(), new_registry(tmp_path), tmp_path, machine)
    assert "ip link delete dev lab-bridge" in str(raised.value)
    assert undo(tmp_path, machine) == []
    assert machine.things == {"link lab-bridge"}


def test_a_command_that_fails_is_named_with_its_output(tmp_path: Path) -> None:
    machine = FakeMachine()
    machine.refuses = lambda argv: argv[:3] == ("ip", "netns", "add")
    with pytest.raises(ToolFailedError, match="`ip netns add lab-sut-0` ended with 1") as raised:
        carry_out(steps(), new_registry(tmp_path), tmp_path, machine)
    assert "refused" in str(raised.value)


def test_what_cannot_be_undone_is_named(tmp_path: Path) -> None:
    machine = FakeMachine()
    carry_out(steps(), new_registry(tmp_path), tmp_path, machine)
    machine.refuses = lambda argv: argv == ("ip", "link", "delete", "dev", "lab-bridge")
    assert undo(tmp_path, machine) == ["network link lab-bridge"]


def test_what_others_came_to_share_is_left_to_them(tmp_path: Path) -> None:
    machine = FakeMachine()
    registry = carry_out(steps(), new_registry(tmp_path), tmp_path, machine)
    machine.things.add("/run/netns/others")
    said: list[str] = []
    assert undo_all(registry, machine, said.append) == []
    assert machine.things == {"/run/netns", "mount /run/netns", "/run/netns/others"}
    assert "mount /run/netns stays: something else uses it by now" in said
