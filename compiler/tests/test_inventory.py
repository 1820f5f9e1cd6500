"""Inventory files: what is read, and what is said of mistakes."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmark_lab.cli.input.inventory import read_inventory
from benchmark_lab.diagnostics import InvalidExperimentError

GOOD = """\
schema: 1
ssh: {user: root, key: id, known_hosts: known}
lanes:
  - sut: [{name: sut-0, address: 198.18.0.2}]
    load: [{name: load-0, address: 198.18.0.3, port: 2222, user: bench}]
    db: [{name: db-0, address: 198.18.0.4}]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("id", "known"):
        (tmp_path / name).touch()
    return tmp_path


def written(folder: Path, text: str) -> Path:
    path = folder / "hosts.yaml"
    path.write_text(text)
    return path


def complaint(folder: Path, text: str) -> str:
    with pytest.raises(InvalidExperimentError) as refused:
        read_inventory(written(folder, text))
    return str(refused.value)


def test_paths_are_relative_to_the_file(folder: Path) -> None:
    inventory = read_inventory(written(folder, GOOD))
    assert inventory.ssh.key == str(folder / "id")
    assert inventory.ssh.known_hosts == str(folder / "known")
    (lane,) = inventory.lanes
    assert (lane.load[0].port, lane.load[0].user, lane.sut[0].port) == (2222, "bench", None)


def test_without_a_key_the_agent_is_asked(folder: Path) -> None:
    assert read_inventory(written(folder, GOOD.replace("key: id, ", ""))).ssh.key is None


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("    db: [{name: db-0, address: 198.18.0.4}]\n", "", "`db` is missing"),
        ("load: [{name: load-0, address: 198.18.0.3, port: 2222, user: bench}]", "load: []", "`load` must be a list"),
        ("user: root, ", "user: root, password: x, ", "unknown key `password` in `ssh`"),
        ("198.18.0.4", "198.18.0.2", "has the address `198.18.0.2` twice"),
        ("db-0", "sut-0", "has the name `sut-0` twice"),
        ("port: 2222", "port: 70000", "`port` must be at most 65535"),
        ("key: id", "key: nowhere", "`key`: there is no file"),
        ("known_hosts: known", "known_hosts: nowhere", "`known_hosts`: there is no file"),
        ("schema: 1", "schema: 2", "`schema` must be `1`"),
    ],
)
def test_a_mistake_is_shown_in_its_place(folder: Path, old: str, new: str, said: str) -> None:
    assert old in GOOD
    message = complaint(folder, GOOD.replace(old, new))
    assert said in message
    assert "hosts.yaml:" in message


def test_a_lane_must_have_every_role(folder: Path) -> None:
    message = complaint(folder, GOOD.replace("    load:", "    loads:"))
    assert "unknown key `loads`" in message
    assert "`load` is missing" in message
