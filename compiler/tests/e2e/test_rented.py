"""`lab apply --target aws-ec2` to its results: real Terraform, Ansible over SSH and k6; a testbed plays the hosts."""

from __future__ import annotations

import json
import os
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread

import pytest

from tests.aws.conftest import endpoint, new_renting, settings  # noqa: F401  fixtures
from tests.aws.renting import EXPERIMENT, RentingLab, states
from tests.e2e.conftest import STATE, new_lab
from tests.testbed import commands
from tests.testbed.conftest import before  # noqa: F401  a fixture
from tests.testbed.harm import Host, on
from tests.testbed.traces import traces

pytestmark = [pytest.mark.hosts, pytest.mark.skipif(os.getuid() != 0, reason="making hosts needs root")]

USER = "admin"
"""As Debian's images on AWS have it; it may become root."""
APPLY = (
    *("apply", EXPERIMENT, "--target", "aws-ec2", "--rounds", "1", "--window", "3s", "--yes"),
    *(
        "--only",
        "implementation=python-fastapi",
        "--only",
        "server=uvicorn",
        "--only",
        "workers=1",
        "--only",
        "workers=2",
    ),
)


@pytest.fixture(scope="module")
def machines(before: dict[str, set[str]]) -> Iterator[dict[str, Host]]:  # noqa: F811  the fixture that is imported
    """Hosts as AWS has them in stock; afterwards nothing of them is left."""
    made = commands.lab("up")
    assert made.returncode == 0, made.stderr
    found = commands.hosts()
    for host in found.values():
        must(host, "apt-get -qq purge --yes '^postgresql' '^python3[.0-9]*-venv$'")
        assert on(host, "ls", "/usr/lib/postgresql").returncode != 0
        must(host, f"useradd --create-home --shell /bin/bash --password '*' {USER} && mkdir -m 700 /home/{USER}/.ssh")
        must(host, f"printf 'Defaults !env_reset\\n{USER} ALL=(ALL) NOPASSWD: ALL\\n' > /etc/sudoers.d/{USER}")
    yield found
    removed = commands.lab("down")
    assert removed.returncode == 0, removed.stderr
    assert traces() == before


@dataclass(frozen=True, slots=True)
class Rented:
    """A run whose `lab` was killed while it measured, and which was resumed on other hosts."""

    lab: RentingLab
    left: Counter[str]
    """What existed in the cloud after it was killed."""
    code: int
    stdout: str
    stderr: str
    """Of `resume`."""


@pytest.fixture(scope="module")
def rented(
    machines: dict[str, Host],
    settings: Path,  # noqa: F811  the fixture that is imported
    endpoint: str,  # noqa: F811  likewise
    tmp_path_factory: pytest.TempPathFactory,
) -> Rented:
    """The testbed's hosts are the instances, from their start to their end, and again after that."""
    place = tmp_path_factory.mktemp("rented")
    with new_lab(place) as made:
        lab = new_renting(made, place, settings, endpoint)
        lab.pool.write_text("".join(f"{host['address']}\n" for host in machines.values()))
        with landlord(lab, machines):
            process = lab.start(*APPLY)
            lab.wait_for_window()
            process.send_signal(signal.SIGKILL)
            process.communicate()
            left = lab.left()
            return Rented(lab, left, *lab.run("resume", str(lab.run_folder()), "--yes"))


def must(host: Host, script: str) -> None:
    done = on(host, "sh", "-c", script)
    assert done.returncode == 0, done.stdout + done.stderr


@contextmanager
def landlord(lab: RentingLab, machines: dict[str, Host]) -> Iterator[None]:
    """Does what cloud-init does when an instance starts, and what its end does."""
    by_address, stop = {host["address"]: host for host in machines.values()}, Event()

    def watch() -> None:
        seen, living = 0, dict[str, Host]()
        while not stop.wait(0.1):
            for event in lab.events()[seen:]:
                seen += 1
                if event["type"] == "aws_instance" and event["action"] == "create" and event.get("address"):
                    living[event["id"]] = host = by_address[event["address"]]
                    move_in(host)
                elif event["action"] == "destroy" and not event.get("error") and event["id"] in living:
                    move_out(living.pop(event["id"]))

    thread = Thread(target=watch)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def move_in(host: Host) -> None:
    """Put the keys of the run on the host that Terraform hands it: the host's own, and who may log in."""
    (path,) = STATE.glob("runs/*/terraform/aws-ec2/run.auto.tfvars.json")
    given = json.loads(path.read_text())
    root = Path(f"/proc/{host['init_pid']}/root")
    (root / "etc/ssh/ssh_host_ed25519_key").write_text(given["host_key"]["private"])
    (root / "etc/ssh/ssh_host_ed25519_key.pub").write_text(given["host_key"]["public"] + "\n")
    (root / f"home/{USER}/.ssh/authorized_keys").write_text(given["public_key"] + "\n")
    must(host, f"chown --recursive {USER}: /home/{USER}/.ssh && chmod 600 /home/{USER}/.ssh/authorized_keys")
    must(host, "start-stop-daemon --stop --retry 5 --pidfile /run/sshd.pid --remove-pidfile && /usr/sbin/sshd")


def move_out(host: Host) -> None:
    """End everything that runs for the user, and forget it."""
    on(host, "pkill", "-KILL", "-u", USER)
    must(host, f"rm -rf /var/tmp/benchmark-lab-{USER} /home/{USER}/.ssh/authorized_keys")


def test_the_sweep_runs_on_rented_hosts_and_nothing_is_left(rented: Rented) -> None:
    assert rented.code in {0, 4}, rented.stderr
    trials = rented.lab.trials()
    assert all(trial["requests"] for trial in trials), trials
    assert "2 workers / 1 worker" in rented.stdout  # the row stands where nothing was valid, too
    summary = json.loads((rented.lab.run_folder() / "summary.json").read_text())
    machine = summary["provenance"]["machine"]
    assert machine["region"] == "us-east-1"
    assert machine["availability zone"].startswith("use1-az")
    assert machine["instance of default-1-sut-1"].startswith("i-")
    assert machine["instance of default-1-sut-1"].endswith(", c7a.large")
    assert machine["market"] == "on demand"
    assert machine["net.ipv4.ip_local_port_range"] == "1024 65535"
    assert summary["provenance"]["as_found"]["net.ipv4.ip_local_port_range"] == "32768 60999"
    assert summary["labels"] == []
    assert 0 < summary["rented_usd"] < 1
    assert "rent hosts" in {phase["name"] for phase in summary["phases"]}
    assert rented.lab.left() == {}
    assert states() == []
    code, listed, _ = rented.lab.run("sweep", "--json")
    assert (code, json.loads(listed)["leftovers"]) == (0, [])


def test_a_lab_that_is_killed_while_it_measures_resumes_on_other_hosts_and_nothing_is_left(rented: Rented) -> None:
    assert rented.left
    assert "which was killed" in rented.stderr
    assert [trial["trial"] for trial in rented.lab.trials()] == ["r0.p0", "r0.p1"]
    created = [event for event in rented.lab.events() if event["action"] == "create"]
    assert sum(event["type"] == "aws_instance" for event in created) == 2 * len(commands.hosts())
    assert rented.lab.left() == {}
    assert states() == []
