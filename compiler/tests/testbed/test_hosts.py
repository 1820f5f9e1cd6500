"""Real hosts on this machine: made, reached, made bad on purpose, and removed without a trace."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from tests.testbed.harm import Host, cut_off, full_disk, on, slowed, stopped_sshd
from tests.testbed.traces import STATE, traces

pytestmark = [pytest.mark.hosts, pytest.mark.skipif(os.getuid() != 0, reason="making hosts needs root")]

COMMAND = (sys.executable, "-m", "benchmark_lab", "testbed")


def lab(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, timeout=600, check=False)


def hosts() -> dict[str, Host]:
    return {host["name"]: host for host in json.loads(lab("status", "--json").stdout)["hosts"]}


def answering() -> dict[str, bool]:
    return {host["name"]: host["answers"] for host in json.loads(lab("status", "--json").stdout)["hosts"]}


def ssh(name: str, command: str) -> subprocess.CompletedProcess[str]:
    """Run a command on a host as anybody would who knows its key, and trusts nothing else."""
    (host,) = (host for host in json.loads(lab("status", "--json").stdout)["hosts"] if host["name"] == name)
    options = {
        "UserKnownHostsFile": host["known_hosts_file"],
        "GlobalKnownHostsFile": "/dev/null",
        "StrictHostKeyChecking": "yes",
        "BatchMode": "yes",
        "ConnectTimeout": "5",
    }
    flags = [word for option, value in options.items() for word in ("-o", f"{option}={value}")]
    argv = ["ssh", "-F", "none", "-i", host["key_file"], *flags, f"{host['user']}@{host['address']}", command]
    return subprocess.run(argv, capture_output=True, text=True, timeout=300, check=False)


@pytest.fixture(scope="module")
def before() -> dict[str, set[str]]:
    return traces()


@pytest.fixture(scope="module")
def testbed(before: dict[str, set[str]]) -> Iterator[None]:
    """One of each, for the tests that leave them as they are; afterwards nothing of them is left."""
    made = lab("up")
    assert made.returncode == 0, made.stderr
    yield
    removed = lab("down")
    assert removed.returncode == 0, removed.stderr
    assert traces() == before


@pytest.mark.usefixtures("testbed")
def test_each_host_is_reached_by_its_key_and_is_a_machine_of_its_own() -> None:
    seen = {}
    for name, host in hosts().items():
        done = ssh(name, "hostname; cat /etc/machine-id; nproc; echo /proc/[0-9]* | wc -w; stat -c %a /root /root/.ssh")
        assert done.returncode == 0, done.stderr
        hostname, machine, cpus, processes, *modes = done.stdout.split()
        assert (hostname, int(cpus), modes) == (name, len(host["cpus"]), ["700", "700"])
        assert int(processes) < 12
        seen[name] = machine
    assert list(seen) == ["sut-0", "load-0", "db-0"]
    assert len(set(seen.values())) == 3


@pytest.mark.usefixtures("testbed")
def test_the_key_is_its_owners_alone_and_a_host_with_another_key_is_not_trusted() -> None:
    assert (STATE / "id_ed25519").stat().st_mode & 0o777 == 0o600
    known = STATE / "known_hosts"
    right = known.read_text()
    try:
        first, second, *_ = right.splitlines()
        known.write_text(" ".join([first.split()[0], *second.split()[1:]]) + "\n")
        refused = ssh("sut-0", "true")
    finally:
        known.write_text(right)
    assert refused.returncode == 255
    assert "Host key verification failed" in refused.stderr


@pytest.mark.usefixtures("testbed")
def test_hosts_reach_each_other_by_name_and_install_packages() -> None:
    for name in hosts():
        others = [other for other in hosts() if other != name]
        done = ssh(name, " && ".join(f"ping -q -c 1 -W 2 {other}" for other in others))
        assert done.returncode == 0, done.stdout
    installed = ssh(
        "load-0", "apt-get -qq update && apt-get -qq install --yes --no-install-recommends tree && tree /mnt"
    )
    assert installed.returncode == 0, installed.stderr
    assert ssh("sut-0", "command -v tree").returncode != 0


@pytest.mark.usefixtures("testbed")
def test_a_second_testbed_is_refused_and_names_the_first() -> None:
    refused = lab("up", "--sut", "2")
    assert refused.returncode == 6
    assert "sut-0, load-0, db-0" in refused.stderr
    assert "lab testbed down" in refused.stderr
    assert all(answering().values())


@pytest.mark.usefixtures("testbed")
def test_a_host_that_is_cut_off_does_not_answer_until_it_is_back() -> None:
    load = hosts()["load-0"]
    with cut_off(load):
        assert answering() == {"sut-0": True, "load-0": False, "db-0": True}
        assert on(load, "true").returncode == 0
    assert all(answering().values())


@pytest.mark.usefixtures("testbed")
def test_a_host_without_sshd_goes_on_but_lets_nobody_in() -> None:
    sut = hosts()["sut-0"]
    with stopped_sshd(sut):
        assert answering() == {"sut-0": False, "load-0": True, "db-0": True}
        assert on(sut, "ping", "-q", "-c", "1", "db-0").returncode == 0
    assert all(answering().values())


@pytest.mark.usefixtures("testbed")
def test_a_full_disk_is_one_hosts_alone() -> None:
    free = os.statvfs(STATE).f_bavail
    with full_disk(hosts()["db-0"]):
        full = ssh("db-0", "head -c 1M /dev/zero > /root/new")
        assert "No space left on device" in full.stderr
        assert ssh("sut-0", "head -c 1M /dev/zero > /root/new").returncode == 0
        assert os.statvfs(STATE).f_bavail > free * 0.9
    assert ssh("db-0", "head -c 1M /dev/zero > /root/new").returncode == 0


@pytest.mark.usefixtures("testbed")
def test_a_slowed_host_takes_longer_for_the_same_work() -> None:
    work = "python3 -c 'import time; s = time.monotonic(); sum(range(20_000_000)); print(time.monotonic() - s)'"
    quick_s = float(ssh("sut-0", work).stdout)
    with slowed(hosts()["sut-0"]):
        slow_s = float(ssh("sut-0", work).stdout)
    assert slow_s > 1.5 * quick_s


def test_lab_killed_at_any_time_leaves_what_down_removes(before: dict[str, set[str]]) -> None:
    for deeds in (0, 1, 4, 7, 10):
        process = subprocess.Popen([*COMMAND, "up"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for_deeds(deeds)
        process.kill()
        process.wait()
        refused = lab("up")
        assert refused.returncode == 6, refused.stderr
        assert json.loads(lab("status", "--json").stdout)["state"] == "unfinished"
        removed = lab("down")
        assert removed.returncode == 0, removed.stderr
        assert traces() == before


def test_an_interrupted_up_removes_what_it_made(before: dict[str, set[str]]) -> None:
    process = subprocess.Popen([*COMMAND, "up"], stderr=subprocess.PIPE, text=True)
    wait_for_deeds(9)
    process.send_signal(signal.SIGTERM)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 130, stderr
    assert "removing what was made" in stderr
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


def test_a_second_testbed_of_another_shape_comes_and_goes_like_the_first(before: dict[str, set[str]]) -> None:
    made = lab("up", "--sut", "2", "--json")
    assert made.returncode == 0, made.stderr
    assert [host["name"] for host in json.loads(made.stdout)["hosts"]] == ["sut-0", "sut-1", "load-0", "db-0"]
    assert lab("down").returncode == 0
    assert traces() == before
    again = lab("down")
    assert (again.returncode, again.stderr) == (0, "There is no testbed.\n")


def wait_for_deeds(count: int) -> None:
    """Wait until `up` has written down so many deeds."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            if len(json.loads((STATE / "registry.json").read_text())["deeds"]) >= count:
                return
        except FileNotFoundError:
            time.sleep(0.001)
    raise TimeoutError
