"""Finds the address that hosts are to let in: the caller's own address, as AWS sees the caller."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv4Address

import httpx

from benchmark_lab.machine.tools import ToolFailedError

SETTING = "LAB_CALLER_ADDRESS"
ASKED = "https://checkip.amazonaws.com"


def caller_address(environment: Mapping[str, str]) -> IPv4Address:
    """Return the public IPv4 address of this machine: LAB_CALLER_ADDRESS, or what AWS's own service answers.

    Raises:
        ToolFailedError: if the address cannot be found out.
    """
    set_by_hand = environment.get(SETTING)
    try:
        answer = set_by_hand or httpx.get(ASKED, timeout=10).raise_for_status().text
        return IPv4Address(answer.strip())
    except (httpx.HTTPError, ValueError) as error:
        raise ToolFailedError(
            f"{SETTING} is no IPv4 address" if set_by_hand else "this machine's public address is not known",
            output=str(error),
            next_step=f"set {SETTING} to the address from which this machine reaches AWS, such as 203.0.113.7",
        ) from error
