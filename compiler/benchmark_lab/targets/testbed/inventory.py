"""Turns a testbed's hosts into the inventory that the target `ssh` reads.

The inventory holds lanes of hosts by role, and how to log in.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from pathlib import Path

import yaml

from benchmark_lab.targets.testbed.layout import Host

USER = "root"
KEY = "id_ed25519"
KNOWN_HOSTS = "known_hosts"
INVENTORY = "hosts.yaml"


def inventory(hosts: Iterable[Host], folder: Path) -> str:
    """Return the inventory of a testbed's hosts as YAML.

    Args:
        hosts: the hosts, lane by lane, and in each lane role by role.
        folder: the folder that holds the key and the known hosts.
    """
    lanes = [
        {
            role: [{"name": host.name, "address": host.address} for host in of_role]
            for role, of_role in groupby(of_lane, key=lambda host: host.role)
        }
        for _, of_lane in groupby(hosts, key=lambda host: host.lane)
    ]
    login = {"user": USER, "key": str(folder / KEY), "known_hosts": str(folder / KNOWN_HOSTS)}
    return yaml.safe_dump({"schema": 1, "ssh": login, "lanes": lanes}, sort_keys=False)
