"""Testbeds on this machine: made at once, cut short at any time, and removed without a trace."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

import pytest
import yaml

from tests.testbed.commands import COMMAND, hosts, lab, ssh
from tests.testbed.traces import STATE, traces

pytestmark = [pytest.mark.hosts, pytest.mark.skipif(os.getuid() != 0, reason="making hosts needs root")]


def test_lab_killed_at_any_time_leaves_what_down_removes(before: dict[str, set[str]]) -> None:
    """Of the many moments three: before anything is made, in the midst of the hosts, and once all of them run."""
    for moment in (lambda: True, (STATE / "load-0/disk.ext4").exists, (STATE / "known_hosts").exists):
        killed_when(moment)
        removed = lab("down")
        assert removed.returncode == 0, removed.stderr
        assert traces() == before


def test_lab_killed_while_it_makes_the_root_file_system_leaves_what_down_removes(
    before: dict[str, set[str]], tmp_path: Path
) -> None:
    cache = tmp_path / "benchmark-lab/testbed"
    killed_when(lambda: any(cache.glob("*.partial/debootstrap")), XDG_CACHE_HOME=str(tmp_path))
    removed = lab("down")
    assert removed.returncode == 0, removed.stderr
    assert list(cache.iterdir()) == []
    assert traces() == before


def test_an_unfinished_testbed_is_told_from_a_whole_one_and_not_built_upon(before: dict[str, set[str]]) -> None:
    killed_when(lambda: changes() >= 5)
    status = lab("status")
    assert status.stdout.startswith("testbed: unfinished\n")
    assert "inventory" not in status.stdout
    refused = lab("up")
    assert refused.returncode == 6
    assert "an unfinished testbed" in refused.stderr
    assert lab("down").returncode == 0
    assert traces() == before


def test_an_up_that_is_interrupted_twice_removes_what_it_made(before: dict[str, set[str]]) -> None:
    process = subprocess.Popen([*COMMAND, "up"], stderr=subprocess.PIPE, text=True, start_new_session=True)
    wait_for(lambda: changes() >= 9)
    assert process.stderr
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does, to all in the foreground
    first = process.stderr.readline()
    os.killpg(process.pid, signal.SIGINT)
    _, rest = process.communicate(timeout=60)
    assert process.returncode == 130, rest
    assert "removing what was made" in first
    assert traces() == before


def test_of_several_testbeds_made_at_once_one_comes_to_be(before: dict[str, set[str]]) -> None:
    racing = [subprocess.Popen([*COMMAND, "up"], stderr=subprocess.PIPE, text=True) for _ in range(4)]
    errors = [process.communicate(timeout=120)[1] for process in racing]
    ends = [process.returncode for process in racing]
    assert sorted(ends) == [0, 6, 6, 6], errors
    for refused in (error for end, error in zip(ends, errors, strict=True) if end):
        assert "another `lab testbed` is at work" in refused or "has a testbed since" in refused
    assert list(hosts()) == ["sut-0", "load-0", "db-0"]
    assert lab("down").returncode == 0
    assert traces() == before


def test_a_testbed_that_cannot_be_is_refused_and_leaves_nothing(before: dict[str, set[str]]) -> None:
    subprocess.run(["ip", "link", "add", "lab-bridge", "type", "bridge"], check=True)
    try:
        refused = lab("up")
    finally:
        subprocess.run(["ip", "link", "delete", "lab-bridge"], check=True)
    assert refused.returncode == 3
    assert "there is a network link lab-bridge already" in refused.stderr
    assert traces() == before


def test_a_cache_that_has_no_room_for_a_root_file_system_is_told(before: dict[str, set[str]], tmp_path: Path) -> None:
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "none", tmp_path], check=True)
    try:
        refused = lab("up", XDG_CACHE_HOME=str(tmp_path))
        left = list((tmp_path / "benchmark-lab/testbed").iterdir())
    finally:
        subprocess.run(["umount", tmp_path], check=True)
    assert refused.returncode == 3
    assert "has 64 MiB left" in refused.stderr
    assert left == []
    assert traces() == before


def test_two_lanes_on_another_network_come_with_an_inventory_and_go_without_a_trace(
    before: dict[str, set[str]],
) -> None:
    made = lab("up", "--lanes", "2", "--load", "2", "--network", "198.19.4.0/28", "--json")
    assert made.returncode == 0, made.stderr
    inventory = yaml.safe_load(Path(json.loads(made.stdout)["inventory_file"]).read_text())
    assert [{role: [host["name"] for host in lane[role]] for role in lane} for lane in inventory["lanes"]] == [
        {"sut": ["sut-0"], "load": ["load-0", "load-1"], "db": ["db-0"]},
        {"sut": ["sut-1"], "load": ["load-2", "load-3"], "db": ["db-1"]},
    ]
    known = hosts()
    for host in (host for lane in inventory["lanes"] for role in lane.values() for host in role):
        assert IPv4Address(host["address"]) in IPv4Network("198.19.4.0/28")
        assert ssh({**known[host["name"]], "address": host["address"]}, "hostname").stdout.strip() == host["name"]
    assert lab("down").returncode == 0
    assert traces() == before
    again = lab("down")
    assert (again.returncode, again.stderr) == (0, "There is no testbed.\n")


def killed_when(moment: Callable[[], bool], **environment: str) -> None:
    """Start to make hosts, and kill the command in a moment."""
    process = subprocess.Popen(
        [*COMMAND, "up"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, **environment}
    )
    try:
        wait_for(lambda: process.poll() is not None or (STATE.exists() and moment()))
        assert process.poll() is None, "it ended before it was killed"
    finally:
        process.kill()
        process.wait()


def changes() -> int:
    """How many changes `up` has written down."""
    registry = STATE / "registry.json"
    return len(json.loads(registry.read_text())["changes"]) if registry.exists() else 0


def wait_for(moment: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not moment():
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(0.001)
