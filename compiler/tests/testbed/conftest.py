from __future__ import annotations

import subprocess
from collections.abc import Iterator

import pytest

from tests.testbed.traces import STATE, traces


@pytest.fixture(scope="module")
def before() -> Iterator[dict[str, set[str]]]:
    """The machine's traces before the tests, on a machine that forwards nothing unless told, as beside Docker."""
    assert not STATE.exists(), "the machine has a testbed: end what uses it, then `lab testbed down`"
    for action in (
        "add",
        "delete",
    ):  # at its first use on a machine iproute2 makes and mounts /run/netns, and leaves both
        subprocess.run(["ip", "netns", action, "lab-first"], check=True)
    policy = subprocess.run(["iptables", "-S", "FORWARD"], capture_output=True, text=True, check=True).stdout.split()[2]
    subprocess.run(["iptables", "-P", "FORWARD", "DROP"], check=True)
    try:
        yield traces()
    finally:
        subprocess.run(["iptables", "-P", "FORWARD", policy], check=True)
