"""Turns the machine's package settings into files and environment of a host.

`lab` reads the settings when the host is made; the settings are gone when the host is gone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from benchmark_lab.machine.tools import ToolFailedError, Tools
from benchmark_lab.targets.testbed.rootfs import RELEASE

SUITES = (RELEASE, f"{RELEASE}-updates", f"{RELEASE}-security")

_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
_CERTIFICATES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "PIP_CERT", "NODE_EXTRA_CA_CERTS")
_INDEXES = (
    *("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_TRUSTED_HOST", "PIP_DEFAULT_TIMEOUT"),
    *("UV_DEFAULT_INDEX", "UV_INDEX", "NPM_CONFIG_REGISTRY", "npm_config_registry"),
    *("GOPROXY", "GOSUMDB", "GONOSUMDB", "GONOPROXY", "GOPRIVATE", "GOINSECURE"),
)
_HOME_FILES = (".npmrc", ".config/pip/pip.conf", ".config/uv/uv.toml", ".config/go/env")
_SYSTEM_FILES = ("etc/pip.conf", "etc/npmrc", "etc/uv/uv.toml")
_OWN_CERTIFICATES = "usr/local/share/ca-certificates"
"""Folder from which Debian's `update-ca-certificates` makes what is below /etc/ssl/certs."""


@dataclass(frozen=True, slots=True)
class PackageSettings:
    """Settings with which this machine gets packages, and with which hosts on this machine get packages."""

    mirror: str
    """URI of the mirror of Debian's packages."""
    files: Mapping[str, str]
    """Text of the files that a host gets, by path below the host's root."""
    environment: Mapping[str, str]


def find_settings(tools: Tools, environment: Mapping[str, str], machine: Path = Path("/")) -> PackageSettings:
    """Read the settings of apt, pip, uv, npm and Go, the name servers, proxies, and the machine's own certificates."""
    sources = _sources(tools, machine)
    passed = {name: value for name, value in environment.items() if _is_passed(name) and value}
    home = environment.get("HOME", "/root").lstrip("/")
    copied = {name: name for name in _SYSTEM_FILES}
    copied |= {f"root/{name}": f"{home}/{name}" for name in _HOME_FILES}
    copied |= {path: path for name in _CERTIFICATES if (path := passed.get(name, "").lstrip("/"))}
    own = (machine / _OWN_CERTIFICATES).rglob("*.crt")
    copied |= {path: path for path in (str(found.relative_to(machine)) for found in own)}
    files = {
        "etc/resolv.conf": _resolver(machine),
        "etc/apt/sources.list": "".join(f"deb {source}\n" for source in sources),
        "etc/apt/apt.conf.d/90testbed": _acquire(tools),
    }
    for name, original in copied.items():
        if (machine / original).is_file() and not name.startswith("etc/ssl/certs/"):
            files[name] = (machine / original).read_text(encoding="utf-8")
    return PackageSettings(mirror=sources[0].split()[0], files=files, environment=passed)


def reaching(environment: Mapping[str, str], addresses: Sequence[str]) -> dict[str, str]:
    """Return the environment with the hosts' own addresses exempt from proxies: measured traffic takes no detour."""
    if not any(name.lower() in _PROXIES for name in environment):
        return dict(environment)
    exempt = ",".join(("localhost", "127.0.0.1", *addresses))
    former = environment.get("no_proxy") or environment.get("NO_PROXY")
    value = f"{former},{exempt}" if former else exempt
    return {**environment, "no_proxy": value, "NO_PROXY": value}


def _is_passed(name: str) -> bool:
    return (
        name in _CERTIFICATES or name in _INDEXES or name.lower() in _PROXIES
    )  # programs differ in which case they read


def _sources(tools: Tools, machine: Path) -> list[str]:
    """Return the lines of apt's sources for the hosts' release, the main source first.

    The lines are the machine's own if the machine's apt has that release; otherwise the lines are Debian's.
    """
    fields = "$(REPO_URI) $(RELEASE) $(COMPONENT)"
    listed = _printed(tools, ["apt-get", "indextargets", "--format", fields, "Created-By: Packages"])
    lines = {line for line in listed if line.split()[1] in SUITES}
    if not any(line.split()[1] == RELEASE for line in lines):
        mirror = _default_mirror(machine)
        areas = (mirror, mirror, f"{mirror}-security")
        lines = {f"{area} {suite} main" for area, suite in zip(areas, SUITES, strict=True)}
    return sorted(lines, key=lambda line: (SUITES.index(line.split()[1]), line))


def _default_mirror(machine: Path) -> str:
    """Return Debian's own mirror, which debootstrap names.

    Raises:
        ToolFailedError: if debootstrap names no mirror.
    """
    program = machine / "usr/sbin/debootstrap"
    named = (
        re.search(r'^DEF_MIRROR="(.+)"$', program.read_text(encoding="utf-8"), re.MULTILINE)
        if program.is_file()
        else None
    )
    if named is None:
        raise ToolFailedError(
            f"apt has no source of {RELEASE} here, and {program} names no mirror of Debian",
            next_step=f"add a source of {RELEASE} to apt's, or install debootstrap",
        )
    return named[1]


def _acquire(tools: Tools) -> str:
    """Return the settings with which apt fetches packages: proxies, certificates, time limits."""
    wanted = ("Acquire::http::", "Acquire::https::", "Acquire::Retries")
    lines = _printed(tools, ["apt-config", "dump", "Acquire"])
    return "".join(f"{line}\n" for line in lines if line.startswith(wanted))


def _printed(tools: Tools, argv: Iterable[str]) -> list[str]:
    with suppress(ToolFailedError):  # a machine without apt has no settings of it
        return tools.run([*argv]).stdout.splitlines()
    return []


def _resolver(machine: Path) -> str:
    """Return the text of `resolv.conf` that names the machine's name servers.

    The stub of systemd listens on the machine's loopback only: the text then names the name servers behind the stub.
    """
    texts = [
        path.read_text(encoding="utf-8")
        for path in (machine / "etc/resolv.conf", machine / "run/systemd/resolve/resolv.conf")
        if path.is_file()
    ]
    return next((text for text in texts if "nameserver 127." not in text), "")
