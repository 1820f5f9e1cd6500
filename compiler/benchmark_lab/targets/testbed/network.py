"""Lists the steps that make the network of a testbed.

The network has one bridge, a namespace and a link for each host, and a way out for packages.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from ipaddress import IPv4Network
from pathlib import Path

from benchmark_lab.machine.tools import ToolFailedError, Tools
from benchmark_lab.targets.testbed.layout import BRIDGE, Host, gateway
from benchmark_lab.targets.testbed.registry import Change, Step

NAMESPACES = Path("/run/netns")
FORWARDING = "net.ipv4.ip_forward"
WIDEST_PACKET = 1500


def require_free(network: IPv4Network, tools: Tools) -> None:
    """Raise an error unless the testbed's addresses are unused on this machine.

    Raises:
        ToolFailedError: if this machine has a route to the addresses.
    """
    routes = tools.run(["ip", "route", "show", "root", str(network)]).stdout.splitlines()
    if taken := [route for route in routes if not route.startswith("default")]:
        raise ToolFailedError(
            f"this machine has a route to {network}, the testbed's network, already",
            output="\n".join(taken),
            next_step="name another network with --network, or remove the route or the interface that has it",
        )


def uplink_mtu(tools: Tools) -> int:
    """Return the size of the largest packet on the way out, in bytes."""
    routes = json.loads(tools.run(["ip", "-json", "route", "show", "default"]).stdout or "[]")
    if not routes:
        return WIDEST_PACKET
    (link,) = json.loads(tools.run(["ip", "-json", "link", "show", "dev", routes[0]["dev"]]).stdout)
    return min(int(link["mtu"]), WIDEST_PACKET)


def steps(hosts: Sequence[Host], network: IPv4Network, mtu: int, testbed: str) -> Iterator[Step]:
    """Yield the steps that make the network, in order; `lab` undoes the steps in the reverse order.

    Args:
        hosts: the hosts to connect.
        network: the network that the hosts' addresses are of.
        mtu: the size of the largest packet on the way out, in bytes.
        testbed: the testbed's id, which marks the testbed's firewall rules.
    """
    yield _forwarding()
    for table, chain, how, rule in _rules(network):
        yield _rule(table, chain, how, rule, testbed)
    yield _bridge(network)
    yield from _namespaces_folder()
    for host in hosts:
        yield _namespace(host)
        yield _link(host, network, mtu)


def _forwarding() -> Step:
    return Step(
        Change(
            what=f"setting {FORWARDING}",
            check=("grep", "-qx", "1", "/proc/sys/net/ipv4/ip_forward"),
            undo=("sysctl", "-qw", f"{FORWARDING}=0"),
            shared=True,
        ),
        (("sysctl", "-qw", f"{FORWARDING}=1"),),
    )


def _rules(network: IPv4Network) -> Iterator[tuple[str, str, str, tuple[str, ...]]]:
    """Yield each firewall rule: its table, its chain, the option that adds the rule, and the rule itself.

    A Docker engine drops packets that the engine does not know, even between the ports of one bridge. Two accepting
    rules ahead of the engine's own rules therefore let the packets through. The two rules leave bridge-nf-call-iptables
    alone, which the engine's own networks depend on.
    """
    inside = str(network)
    yield "nat", "POSTROUTING", "-A", ("-s", inside, "!", "-d", inside, "-j", "MASQUERADE")
    yield "filter", "FORWARD", "-I", ("-i", BRIDGE, "-j", "ACCEPT")
    yield "filter", "FORWARD", "-I", ("-o", BRIDGE, "-j", "ACCEPT")


def _rule(table: str, chain: str, how: str, rule: tuple[str, ...], testbed: str) -> Step:
    words = (chain, *rule, "-m", "comment", "--comment", f"benchmark-lab testbed {testbed}")
    command = ("iptables", "-w", "-t", table)
    return Step(
        Change(
            what=f"iptables rule in {table}: {chain} {' '.join(rule)}",
            check=(*command, "-C", *words),
            undo=(*command, "-D", *words),
        ),
        ((*command, how, *words),),
    )


def _bridge(network: IPv4Network) -> Step:
    return Step(
        _link_change(BRIDGE),
        (
            ("ip", "link", "add", BRIDGE, "type", "bridge"),
            ("ip", "address", "add", f"{gateway(network)}/{network.prefixlen}", "dev", BRIDGE),
            ("ip", "link", "set", BRIDGE, "up"),
        ),
    )


def _link_change(name: str) -> Change:
    return Change(
        what=f"network link {name}",
        check=("ip", "link", "show", "dev", name),
        undo=("ip", "link", "delete", "dev", name),
    )


def _namespaces_folder() -> Iterator[Step]:
    """Yield the steps that make what `ip netns` would make at its first use on a machine, and would leave for good."""
    folder = str(NAMESPACES)
    yield Step(
        Change(what=f"folder {folder}", check=("test", "-d", folder), undo=("rmdir", folder), shared=True),
        (("mkdir", folder),),
    )
    yield Step(
        Change(what=f"mount {folder}", check=("mountpoint", "-q", folder), undo=("umount", folder), shared=True),
        (("mount", "--bind", folder, folder), ("mount", "--make-shared", folder)),
    )


def _namespace(host: Host) -> Step:
    return Step(
        Change(
            what=f"network namespace {host.namespace}",
            check=("test", "-e", str(NAMESPACES / host.namespace)),
            undo=("ip", "netns", "delete", host.namespace),
        ),
        (("ip", "netns", "add", host.namespace),),
    )


def _link(host: Host, network: IPv4Network, mtu: int) -> Step:
    """Return the step that makes a host's link to the bridge; the host's end of the link is its eth0.

    The host's default route has the way out's packet size, since some networks swallow larger packets without a word.
    """
    inside = ("ip", "-n", host.namespace)
    route = (*inside, "route", "add", "default", "via", str(gateway(network)))
    return Step(
        _link_change(host.namespace),
        (
            ("ip", "link", "add", host.namespace, "type", "veth", "peer", "name", "eth0", "netns", host.namespace),
            ("ip", "link", "set", host.namespace, "master", BRIDGE, "up"),
            (*inside, "link", "set", "lo", "up"),
            (*inside, "address", "add", f"{host.address}/{network.prefixlen}", "dev", "eth0"),
            (*inside, "link", "set", "eth0", "up"),
            (*route, "mtu", str(mtu)) if mtu < WIDEST_PACKET else route,
        ),
    )
