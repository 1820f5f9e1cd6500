from pathlib import Path

import pytest

from benchmark_lab.machine.tools import Completed, ToolFailedError
from benchmark_lab.targets.testbed.packages import find_settings, reaching
from tests.testbed.fake_machine import FakeMachine

TARGETS = """http://mirror.example/security/ bookworm-security main
http://mirror.example/nodesource nodistro main
http://mirror.example/debian/ bookworm main
"""
CONFIGURATION = """Acquire "";
Acquire::cdrom::mount "/media/cdrom/";
Acquire::http::Proxy "http://proxy.example:3142";
"""


class Apt(FakeMachine):
    """A machine whose apt prints what it is told."""

    def __init__(self, targets: str) -> None:
        super().__init__()
        self.targets = targets

    def effect(self, argv: tuple[str, ...]) -> Completed:
        return Completed(0, self.targets if argv[0] == "apt-get" else CONFIGURATION, "")


class NoApt(FakeMachine):
    """A machine of another distribution."""

    def effect(self, argv: tuple[str, ...]) -> Completed:
        raise ToolFailedError(f"{argv[0]} is not installed")


DEBOOTSTRAP = 'DEF_MIRROR="http://default.example/debian"\n'


def write(root: Path, name: str, text: str) -> None:
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(text)


def test_apts_mirror_and_proxy_are_the_machines_for_the_hosts_release_alone(tmp_path: Path) -> None:
    settings = find_settings(Apt(TARGETS), {}, tmp_path)
    assert settings.mirror == "http://mirror.example/debian/"
    assert settings.files["etc/apt/sources.list"] == (
        "deb http://mirror.example/debian/ bookworm main\ndeb http://mirror.example/security/ bookworm-security main\n"
    )
    assert settings.files["etc/apt/apt.conf.d/90testbed"] == 'Acquire::http::Proxy "http://proxy.example:3142";\n'


def test_a_machine_of_another_release_or_distribution_uses_debians_own_mirror(tmp_path: Path) -> None:
    write(tmp_path, "usr/sbin/debootstrap", DEBOOTSTRAP)
    for machine in (Apt("http://mirror.example/ubuntu/ noble main\n"), NoApt()):
        settings = find_settings(machine, {}, tmp_path)
        assert settings.mirror == "http://default.example/debian"
        assert settings.files["etc/apt/sources.list"] == (
            "deb http://default.example/debian bookworm main\n"
            "deb http://default.example/debian bookworm-updates main\n"
            "deb http://default.example/debian-security bookworm-security main\n"
        )


def test_where_neither_apt_nor_debootstrap_names_a_mirror_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(ToolFailedError, match="names no mirror of Debian"):
        find_settings(NoApt(), {}, tmp_path)


def test_settings_and_certificates_come_along_and_nothing_else(tmp_path: Path) -> None:
    write(tmp_path, "home/ada/.npmrc", "registry=https://npm.example\n")
    write(tmp_path, "home/ada/.ssh/id_ed25519", "private\n")
    write(tmp_path, "etc/pip.conf", "[global]\n")
    write(tmp_path, "usr/local/share/ca-certificates/own.crt", "PEM\n")
    write(tmp_path, "opt/ca.pem", "PEM too\n")
    environment = {
        "HOME": "/home/ada",
        "PIP_CERT": "/opt/ca.pem",
        "SSL_CERT_FILE": "/etc/ssl/certs/ca-certificates.crt",
        "GOPROXY": "https://go.example",
        "AWS_SECRET_ACCESS_KEY": "secret",
    }
    settings = find_settings(Apt(TARGETS), environment, tmp_path)
    assert set(settings.files) - {"etc/resolv.conf", "etc/apt/sources.list", "etc/apt/apt.conf.d/90testbed"} == {
        "root/.npmrc",
        "etc/pip.conf",
        "usr/local/share/ca-certificates/own.crt",
        "opt/ca.pem",
    }
    assert settings.environment == {name: environment[name] for name in ("PIP_CERT", "SSL_CERT_FILE", "GOPROXY")}


def test_a_stub_resolver_is_replaced_by_what_it_asks(tmp_path: Path) -> None:
    write(tmp_path, "etc/resolv.conf", "nameserver 127.0.0.53\n")
    write(tmp_path, "usr/sbin/debootstrap", DEBOOTSTRAP)
    write(tmp_path, "run/systemd/resolve/resolv.conf", "nameserver 192.0.2.53\n")
    assert find_settings(NoApt(), {}, tmp_path).files["etc/resolv.conf"] == "nameserver 192.0.2.53\n"


def test_traffic_between_hosts_passes_no_proxy() -> None:
    environment = reaching({"https_proxy": "http://proxy.example", "no_proxy": "intranet"}, ["198.18.0.2"])
    assert environment["no_proxy"] == environment["NO_PROXY"] == "intranet,localhost,127.0.0.1,198.18.0.2"
    assert reaching({"GOPROXY": "direct"}, ["198.18.0.2"]) == {"GOPROXY": "direct"}
