"""Real hosts on this machine: reached, used, and made bad on purpose."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmark_lab.machine import folders
from benchmark_lab.machine.process import Processes
from benchmark_lab.targets.testbed import rootfs
from benchmark_lab.targets.testbed.packages import find_settings
from tests.testbed.commands import answering, hosts, lab, ssh
from tests.testbed.harm import FAKETIME, Host, clock_off, cut_off, full_disk, on, slowed, stopped_sshd
from tests.testbed.traces import STATE, traces

pytestmark = [
    pytest.mark.hosts,
    pytest.mark.skipif(os.getuid() != 0, reason="making hosts needs root"),
]


@pytest.fixture(scope="module")
def testbed(before: dict[str, set[str]]) -> Iterator[dict[str, Host]]:
    """One host of each role, for tests that leave them as they are; afterwards nothing of them is left."""
    made = lab("up")
    assert made.returncode == 0, made.stderr
    yield hosts()
    removed = lab("down")
    assert removed.returncode == 0, removed.stderr
    assert traces() == before


def test_each_host_is_reached_by_its_key_and_is_a_machine_of_its_own(testbed: dict[str, Host]) -> None:
    seen = {}
    for name, host in testbed.items():
        done = ssh(host, "hostname; cat /etc/machine-id; nproc; echo /proc/[0-9]* | wc -w; stat -c %a ~ ~/.ssh")
        assert done.returncode == 0, done.stderr
        hostname, machine, cpus, processes, *modes = done.stdout.split()
        assert (hostname, int(cpus), modes) == (name, len(host["cpus"]), ["700", "700"])
        assert int(processes) < 12
        seen[name] = machine
    assert list(seen) == ["sut-0", "load-0", "db-0"]
    assert len(set(seen.values())) == 3


def test_the_key_is_its_owners_alone_and_a_host_with_another_key_is_not_trusted(testbed: dict[str, Host]) -> None:
    sut = testbed["sut-0"]
    assert Path(sut["key_file"]).stat().st_mode & 0o777 == 0o600
    known = Path(sut["known_hosts_file"])
    right = known.read_text()
    try:
        first, second, *_ = right.splitlines()
        known.write_text(" ".join([first.split()[0], *second.split()[1:]]) + "\n")
        refused = ssh(sut, "true")
    finally:
        known.write_text(right)
    assert refused.returncode == 255
    assert "Host key verification failed" in refused.stderr


def test_hosts_reach_each_other_by_name(testbed: dict[str, Host]) -> None:
    for name, host in testbed.items():
        others = [other for other in testbed if other != name]
        done = ssh(host, " && ".join(f"ping -q -c 1 -W 2 {other}" for other in others))
        assert done.returncode == 0, done.stdout


def test_a_host_installs_packages_with_the_machines_settings_and_for_itself_alone(testbed: dict[str, Host]) -> None:
    load, sut = testbed["load-0"], testbed["sut-0"]
    install = "apt-get -qq update && apt-get -qq install --yes --no-install-recommends"
    installed = ssh(load, f"{install} {FAKETIME} && dpkg --status {FAKETIME}")
    assert installed.returncode == 0, installed.stderr
    assert ssh(sut, f"dpkg --status {FAKETIME}").returncode != 0


@pytest.mark.usefixtures("testbed")
def test_the_cached_root_file_system_holds_no_key_and_none_of_the_machines_settings() -> None:
    cached = rootfs.place(folders.cache_root(os.environ))
    settings = find_settings(Processes(), os.environ)
    assert (cached / "usr/bin/python3").exists()
    assert [name for name in settings.files if (cached / name).exists()] == []
    address = settings.mirror.partition("://")[2].partition("/")[0]
    telling = [*(cached / "etc/apt").rglob("*"), *(cached / "var/log").rglob("*"), *(cached / "root").rglob("*")]
    assert [path for path in telling if path.is_file() and address.encode() in path.read_bytes()] == []
    assert list((cached / "var/lib/apt/lists").iterdir()) == []
    assert [*(cached / "etc/ssl/private").iterdir(), *(cached / "etc/ssh").glob("ssh_host_*")] == []


@pytest.mark.usefixtures("testbed")
def test_a_second_testbed_is_refused_and_names_the_first() -> None:
    refused = lab("up", "--sut", "2")
    assert refused.returncode == 6
    assert "sut-0, load-0, db-0" in refused.stderr
    assert "lab testbed down" in refused.stderr
    assert all(answering().values())


def test_a_host_that_is_cut_off_does_not_answer_until_it_is_back(testbed: dict[str, Host]) -> None:
    load = testbed["load-0"]
    with cut_off(load):
        assert answering() == {"sut-0": True, "load-0": False, "db-0": True}
        assert on(load, "true").returncode == 0
    assert all(answering().values())


def test_a_host_without_sshd_goes_on_but_lets_nobody_in(testbed: dict[str, Host]) -> None:
    sut = testbed["sut-0"]
    with stopped_sshd(sut):
        assert answering() == {"sut-0": False, "load-0": True, "db-0": True}
        assert on(sut, "ping", "-q", "-c", "1", "db-0").returncode == 0
    assert all(answering().values())


def test_a_full_disk_is_one_hosts_alone(testbed: dict[str, Host]) -> None:
    db, sut = testbed["db-0"], testbed["sut-0"]
    free = os.statvfs(STATE).f_bavail
    with full_disk(db):
        full = ssh(db, "head -c 1M /dev/zero > ~/new")
        assert "No space left on device" in full.stderr
        assert ssh(sut, "head -c 1M /dev/zero > ~/new").returncode == 0
        assert os.statvfs(STATE).f_bavail > free * 0.9
    assert ssh(db, "head -c 1M /dev/zero > ~/new").returncode == 0


def test_a_hosts_wall_clock_is_off_for_it_alone_while_its_durations_stay_right(testbed: dict[str, Host]) -> None:
    load, sut = testbed["load-0"], testbed["sut-0"]
    clocks = "python3 -c 'import time; print(time.time(), time.monotonic())'"
    with clock_off(load, offset_s=-3600):
        wall_s, monotonic_s = map(float, ssh(load, clocks).stdout.split())
        others_wall_s = float(ssh(sut, clocks).stdout.split()[0])
        assert wall_s == pytest.approx(time.time() - 3600, abs=60)
        assert monotonic_s == pytest.approx(time.monotonic(), abs=60)
        assert others_wall_s == pytest.approx(time.time(), abs=60)
    assert float(ssh(load, clocks).stdout.split()[0]) == pytest.approx(time.time(), abs=60)


def test_a_slowed_host_gets_a_smaller_share_of_its_cpus(testbed: dict[str, Host]) -> None:
    sut = testbed["sut-0"]
    share = (
        "python3 -c 'import time; begin = time.monotonic(), time.process_time()\n"
        "while time.monotonic() < begin[0] + 1: pass\n"
        "print((time.process_time() - begin[1]) / (time.monotonic() - begin[0]))'"
    )
    with slowed(sut):
        slow = float(ssh(sut, share).stdout)
    assert slow < 0.4  # four neighbours leave it a fifth
    assert float(ssh(sut, share).stdout) > 1.5 * slow
