from __future__ import annotations

import subprocess
from collections.abc import Iterator

import pytest

from tests.testbed.traces import STATE, traces

FIRST_USES = (
    ("ip", "netns", "add", "lab-first"),
    ("ip", "netns", "delete", "lab-first"),
    ("iptables", "-t", "nat", "--append", "POSTROUTING", "-j", "RETURN"),
    ("iptables", "-t", "nat", "--delete", "POSTROUTING", "-j", "RETURN"),
)
"""On a machine that never did, these leave /run/netns and an empty table of rules: the system's own, and no trace."""


@pytest.fixture(scope="module")
def before() -> Iterator[dict[str, set[str]]]:
    """The machine's traces before the tests, on a machine that forwards nothing unless told, as beside Docker."""
    assert not STATE.exists(), "the machine has a testbed: end what uses it, then `lab testbed down`"
    for command in FIRST_USES:
        subprocess.run(command, check=True)
    policy = subprocess.run(["iptables", "-S", "FORWARD"], capture_output=True, text=True, check=True).stdout.split()[2]
    subprocess.run(["iptables", "-P", "FORWARD", "DROP"], check=True)
    try:
        yield traces()
    finally:
        subprocess.run(["iptables", "-P", "FORWARD", policy], check=True)
