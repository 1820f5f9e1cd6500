"""What a cloud does with a rented host, done to those of a testbed: its first start, and its end."""

from __future__ import annotations

import json
from threading import Event, Thread
from typing import Any, Self

from tests.aws.renting import RentingLab
from tests.testbed.harm import Host, on, stopped_sshd

USER = "admin"
"""Whom Debian's images let log in."""

FIRST_START = f"""set -eu
command -v sudo >/dev/null || {{ apt-get -qq update; apt-get -qq install --yes --no-install-recommends sudo; }}
useradd --create-home --shell /bin/bash {USER}
echo '{USER} ALL=(ALL) NOPASSWD:ALL' >/etc/sudoers.d/{USER}
install -d -m 0700 -o {USER} -g {USER} /home/{USER}/.ssh
echo "$1" >/home/{USER}/.ssh/authorized_keys
echo "$2" >/etc/ssh/ssh_host_ed25519_key
"""
END = f"""pkill -KILL -u {USER} || true
while pgrep -u {USER}; do sleep 0.05; done
userdel --remove {USER}
rm -rf /var/tmp/*
"""


class Cloud(Thread):
    """Starts and ends the hosts that the stand-in gives away and takes back, until it is stopped."""

    def __init__(self, renting: RentingLab, hosts: dict[str, Host]) -> None:
        super().__init__()
        self.renting = renting
        self.hosts = {host["address"]: host for host in hosts.values()}
        self.running: dict[str, Host] = {}
        self.stopping = Event()
        self.problem: Exception | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        self.join()
        if self.problem:
            raise self.problem

    def run(self) -> None:
        done = 0
        try:
            while not self.stopping.wait(0.1):
                events = self.renting.events()
                for event in events[done:]:
                    self._change(event, events)
                done = len(events)
            for host in list(self.running):
                self._end(host)
        except Exception as error:  # noqa: BLE001  told by the thread that waits for this one
            self.problem = error

    def _change(self, event: dict[str, Any], events: list[dict[str, Any]]) -> None:
        if event["type"] != "aws_instance" or event.get("error"):
            return
        if event["action"] == "create":
            self._start(event, events)
        elif event["action"] == "destroy":
            self._end(str(event["id"]))

    def _start(self, event: dict[str, Any], events: list[dict[str, Any]]) -> None:
        host, given = self.hosts[str(event["address"])], event["given"]
        key = next(
            other["given"]["public_key"]
            for other in reversed(events)
            if other["type"] == "aws_key_pair" and other["action"] == "create"
        )
        first, _, settings = given["user_data"].partition("\n")
        assert first == "#cloud-config"
        host_key = json.loads(settings)["ssh_keys"]["ed25519_private"]
        with stopped_sshd(host):
            on(host, "sh", "-c", FIRST_START, "sh", key, host_key).check_returncode()
        self.running[str(event["id"])] = host

    def _end(self, instance: str) -> None:
        on(self.running.pop(instance), "sh", "-c", END).check_returncode()
